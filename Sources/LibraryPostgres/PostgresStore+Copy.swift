package import LibraryStore
import Shared

/// What was copied.
package struct CopyReport: Sendable, Equatable {
    package fileprivate(set) var users = 0
    package fileprivate(set) var authors = 0
    /// Changes of authors.
    package fileprivate(set) var changes = 0
    package fileprivate(set) var sessions = 0
    package fileprivate(set) var keys = 0
}

extension PostgresStore {
    /// Copies an SQLite library, which nobody writes to meanwhile, into a database without users: all of it or nothing,
    /// in memory that does not grow with the library.
    ///
    /// Ids, versions, events and hashes stay as they are. Signing keys are not in the library: who is logged in needs
    /// another access token.
    /// - Parameters:
    ///   - folder: the data folder.
    ///   - secret: the contents of `signing.key`.
    /// - Throws: ``CommandError`` if the database cannot be used or has users; ``StoreError``.
    package static func copy(
        _ sqlite: SQLiteStore, to url: DatabaseURL, folder: String, secret: [UInt8]
    ) async throws -> CopyReport {
        try await sqlite.takeBackUnfinished()
        let store = try await PostgresStore(url, folder: folder, secret: secret)
        defer { store.close() }
        return try await store.write { connection in
            // No daemon registers a user meanwhile.
            try connection.run(#"LOCK TABLE "user" IN SHARE ROW EXCLUSIVE MODE"#)
            var isEmpty = false
            try connection.run(#"SELECT NOT EXISTS (SELECT FROM "user")"#) { isEmpty = try $0.flag(0) }
            guard isEmpty else {
                throw CommandError(
                    .configuration, "\(store.place) has users already", hint: "create another database for the copy")
            }
            return try sqlite.export { try LibraryCopy(connection, $0).run() }
        }
    }
}

/// One copy, in a transaction.
private struct LibraryCopy {
    private let connection: Connection
    private let rows: StoredRows
    /// Marks the events.
    private let write = Int64.random(in: .min ... .max)

    init(_ connection: Connection, _ rows: StoredRows) { (self.connection, self.rows) = (connection, rows) }

    /// What goes to the server at once: so many rows, or fewer that have so many bytes.
    private static let (part, longest) = (512, 1 << 20)

    func run() throws -> CopyReport {
        var report = CopyReport()
        let lastAuthor = try copyLibrary()
        report.users = try copy(.user, Self.user)
        try connection.run(#"INSERT INTO event_counter (owner) SELECT id FROM "user""#)
        report.sessions = try copy(.session, Self.session)
        _ = try copy(.usedRefreshToken, Self.usedRefreshToken)
        _ = try copy(.loginAddress, Self.loginAddress)
        report.keys = try copy(.apiKey, Self.apiKey)
        _ = try copy(.origin, Self.origin)
        report.authors = try copy(.author, Self.author, adding: .init("words", .words), words)
        report.changes = try copy(.authorEvent, Self.event, adding: .init("write")) { [write] _ in .integer(write) }
        try connection.run(
            """
            UPDATE event_counter SET last = coalesce(
                (SELECT max(sequence) FROM author_event WHERE owner = event_counter.owner), 0)
            """)
        _ = try copy(.idempotencyKey, Self.idempotencyKey)
        // Of a daemon that ran without users.
        try connection.run("DELETE FROM audit")
        _ = try copy(.audit, Self.audit)
        // No id is given twice. An origin's number has a sequence if the schema says so.
        let greatest: Statement =
            "SELECT coalesce(max(id), 0), (SELECT coalesce(max(number), 0) FROM origin) FROM audit"
        var (lastEntry, lastOrigin): (Int64, Int64) = (0, 0)
        try connection.run(greatest) { (lastEntry, lastOrigin) = (try $0.integer(0), try $0.integer(1)) }
        let sequences: [(String, String, Int64)] = [
            (#""user""#, "id", try rows.lastUser()), ("author", "id", lastAuthor), ("audit", "id", lastEntry),
            ("origin", "number", lastOrigin),
        ]
        for (table, column, last) in sequences {
            try connection.run(Self.setSequence, [.text(table), .text(column), .integer(last)])
        }
        return report
    }

    /// - Returns: the last id that was given to an author.
    private func copyLibrary() throws -> Int64 {
        var last: Int64 = 0
        try rows.forEach(of: .library, ["epoch", "daemon_id", "trusted_at", "last_author"]) { row in
            guard case .integer(let lastAuthor) = row[3] else { throw StoreError.damaged("there is no last author") }
            last = lastAuthor
            try connection.run(
                "UPDATE library SET epoch = $1, daemon_id = $2, trusted_at = $3",
                [Self.value(row[0], .text), Self.value(row[1], .text), Self.value(row[2], .integer)])
        }
        return last
    }

    /// - Parameters:
    ///   - column: one that SQLite does not have.
    ///   - added: its value in a row.
    /// - Returns: the number of rows.
    private func copy(
        _ table: StoredTable, _ columns: [BatchColumns.Column], adding column: BatchColumns.Column? = nil,
        _ added: ([Value]) -> Value = { _ in .null }
    ) throws -> Int {
        let batch = BatchColumns(columns + (column.map { [$0] } ?? []))
        let insert = Statement(
            #"INSERT INTO "\#(table.rawValue)" (\#(batch.names)) SELECT \#(batch.values) FROM \#(batch.rows(from: 1))"#)
        var (gathered, size): ([[Value]], Int) = ([], 0)
        func send() throws {
            if !gathered.isEmpty { try connection.run(insert, batch.arrays(gathered)) }
            (gathered, size) = ([], 0)
        }
        let count = try rows.forEach(of: table, columns.map(\.name)) { row in
            let values = zip(row, columns).map { Self.value($0, $1.kind) }
            gathered.append(column == nil ? values : values + [added(values)])
            size += row.reduce(0) { $0 + $1.size }
            if gathered.count == Self.part || size >= Self.longest { try send() }
        }
        try send()
        return count
    }

    /// The words of a row of ``author``.
    private func words(_ row: [Value]) -> Value {
        guard case .integer(let owner) = row[0], case .text(let name) = row[2], case .text(let book) = row[3] else {
            return .null
        }
        return .text(Words.vector(name: name, book: book, owner: owner))
    }

    private static func value(_ value: StoredValue, _ kind: BatchColumns.Kind) -> Value {
        switch value {
        case .integer(let integer): kind == .flag ? .flag(integer != 0) : .integer(integer)
        case .text(let text): .text(text)
        case .bytes(let bytes): .bytes(bytes)
        case .null: .null
        }
    }

    private static let setSequence: Statement = """
        SELECT setval(pg_get_serial_sequence($1::text, $2::text), greatest($3::bigint, 1), $3 > 0)
        """

    // MARK: Columns

    private static let user: [BatchColumns.Column] = [
        .init("id"), .init("public_id", .text), .init("name", .text), .init("password_hash", .text),
        .init("admin", .flag), .init("disabled", .flag), .init("created_at"), .init("updated_at"),
        .init("history_start"),
    ]
    private static let session: [BatchColumns.Column] = [
        .init("id", .text), .init("user"), .init("refresh_hash", .bytes), .init("created_at"), .init("used_at"),
        .init("expires_at"), .init("client", .text), .init("login_key", .bytes), .init("origin"),
    ]
    private static let usedRefreshToken: [BatchColumns.Column] = [
        .init("hash", .bytes), .init("session", .text), .init("used_at"),
    ]
    private static let loginAddress: [BatchColumns.Column] = [.init("user"), .init("address", .text), .init("used_at")]
    private static let apiKey: [BatchColumns.Column] = [
        .init("id", .text), .init("user"), .init("name", .text), .init("hash", .bytes), .init("scope", .text),
        .init("created_at"), .init("expires_at"), .init("used_at"), .init("origin"),
    ]
    private static let origin: [BatchColumns.Column] = [
        .init("user"), .init("number"), .init("session", .text), .init("client", .text), .init("import", .text),
        .init("first_event"),
    ]
    private static let fields: [BatchColumns.Column] = AuthorField.all.map { field in
        .init(field.name, field.kind == .text ? .text : field.kind == .flag ? .flag : .integer)
    }
    private static let author =
        [.init("owner")] + fields + [.init("event")] + AuthorField.texts.map { .init($0.keyColumn, .text) }
    private static let event =
        [.init("owner"), .init("sequence"), .init("kind", .text), .init("at")] + fields + [
            .init("origin"), .init("previous"), .init("next"),
        ]
    private static let idempotencyKey: [BatchColumns.Column] = [
        .init("owner"), .init("hash", .bytes), .init("request", .bytes), .init("reply", .bytes), .init("created_at"),
    ]
    private static let audit: [BatchColumns.Column] = [
        .init("id"), .init("part"), .init("number"), .init("at"), .init("event", .text), .init("user", .text),
        .init("actor", .text), .init("address", .text), .init("detail", .text),
    ]
}

extension StoredValue {
    /// About how many bytes it takes.
    fileprivate var size: Int {
        switch self {
        case .integer, .null: 8
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }
}
