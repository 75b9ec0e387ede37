import GRDB
import GRDBSQLite

/// A value that a library has stored.
package enum StoredValue: Sendable, Equatable {
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    case null
}

/// The tables of a library whose rows another engine takes over. The raw value is the name in SQL.
package enum StoredTable: String, Sendable, CaseIterable {
    case library, user, session, author, origin, audit
    case usedRefreshToken = "used_refresh_token"
    case loginAddress = "login_address"
    case apiKey = "api_key"
    case authorEvent = "author_event"
    case idempotencyKey = "idempotency_key"
}

/// The rows of a library, all of the same state.
package struct StoredRows {
    fileprivate let connection: ReadConnection

    /// Calls `body` with one row after the other, in the order of the key of users, authors, events and of the audit.
    /// Rows of users who are being deleted are left out.
    /// - Parameter columns: their names in SQL.
    /// - Returns: how many there are.
    @discardableResult
    package func forEach(
        of table: StoredTable, _ columns: [String], _ body: ([StoredValue]) throws -> Void
    ) throws -> Int {
        var count = 0
        let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
        try connection.rows("SELECT \(names) FROM \"\(table.rawValue)\" WHERE \(table.condition)", []) { row in
            try body((0..<Int32(columns.count)).map { Self.value(row, $0) })
            count += 1
            return true
        }
        return count
    }

    /// The highest id that was given to a row of `user`; no id is used again.
    package func lastUser() throws -> Int64 {
        try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'user'", []) ?? 0
    }

    private static func value(_ row: SQLiteStatement, _ index: Int32) -> StoredValue {
        switch sqlite3_column_type(row, index) {
        case SQLITE_NULL: return .null
        case SQLITE_TEXT:
            let start = sqlite3_column_text(row, index)
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, index)))
            return .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(row, index)
            return .bytes(Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, index)))))
        default: return .integer(sqlite3_column_int64(row, index))
        }
    }
}

extension SQLiteStore {
    /// Reads rows on the calling thread, for as long as it takes; those of unfinished changes too.
    package func export<Value>(_ body: (StoredRows) throws -> Value) throws -> Value {
        try readers.withConnection { connection in
            try connection.inTransaction { try body(StoredRows(connection: connection)) }
        }
    }
}

extension StoredTable {
    /// What its rows fulfil, and their order.
    fileprivate var condition: String {
        let users = "(SELECT id FROM user WHERE \(SQLiteStore.isUser))"
        return switch self {
        case .library: "true"
        case .audit: "true ORDER BY id"
        case .user: "\(SQLiteStore.isUser) ORDER BY id"
        case .session, .loginAddress, .apiKey, .origin: "user IN \(users)"
        case .usedRefreshToken: "session IN (SELECT id FROM session WHERE user IN \(users))"
        case .idempotencyKey: "owner IN \(users)"
        case .authorEvent: "owner IN \(users) ORDER BY owner, sequence"
        case .author: "owner IN \(users) ORDER BY owner, id"
        }
    }
}
