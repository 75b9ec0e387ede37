import Foundation
import GRDB
package import Shared

/// A database of the origin tutorial, as it was read: tables `users` and `authors`, or `user` and `author`.
package struct FlaskLibrary: Sendable {
    package struct User: Sendable {
        /// As text: some have UUIDs here.
        package let id: String
        package let publicID: String
        package let name: String?
        package let password: String?
        package let admin: Bool
    }

    package struct Author: Sendable {
        package let id: String
        package let owner: String?
        /// What is missing is empty, which no author may be.
        package let draft: AuthorDraft
    }

    package let users: [User]
    package let authors: [Author]
    /// Whether authors name their users at all: the tutorial added that column late.
    package let hasOwners: Bool

    /// Reads the file and changes nothing in it.
    /// - Throws: ``CommandError`` if it is no such database.
    package init(path: String, until cancellation: Cancellation = Cancellation()) throws {
        guard try FileStatus(path: path) != nil else { throw CommandError(.noInput, "\(path): there is no such file") }
        do {
            let connection = try SQLiteStore.openForeign(path: path, until: cancellation)
            defer { try? connection.close() }
            // One transaction: what the tutorial's server writes meanwhile is in all of it or in nothing.
            let size = try SQLiteStore.size(of: path)
            self = try connection.read { try FlaskLibrary($0, path: path, size: size) }
        } catch let error as DatabaseError {
            try cancellation.check()
            throw CommandError(database: error, path: path)
        }
    }

    private init(_ db: Database, path: String, size: Int64) throws {
        let file = (path: path, size: size)
        let users = try Table(db, named: ["users", "user"], with: ["id", "name", "password"])
        let authors = try Table(db, named: ["authors", "author"], with: ["id", "name", "book", "country"])
        guard let users, let authors else {
            throw CommandError(
                .dataError, "\(path) is not a database of the tutorial: it has no tables users and authors",
                hint: "libraryd restore puts a backup of libraryd's own in place")
        }
        let owner = ["user_id", "owner"].first(where: authors.columns.contains)
        hasOwners = owner != nil
        let userColumns = ["id", "public_id", "name", "password", "admin"]
        self.users = try users.rows(db, userColumns, in: file) {
            User(
                id: Self.text($0[0]) ?? "",
                publicID: Self.publicID($0[1], id: Self.text($0[0]), name: Self.text($0[2])), name: Self.text($0[2]),
                password: Self.text($0[3]),
                admin: Self.flag($0[4]))
        }
        let columns = ["id", owner ?? "no owner", "name", "book", "country", "booker_prize"]
        self.authors = try authors.rows(db, columns, in: file) {
            Author(
                id: Self.text($0[0]) ?? "", owner: Self.text($0[1]),
                draft: AuthorDraft(
                    name: Self.text($0[2]) ?? "", book: Self.text($0[3]) ?? "", country: Self.text($0[4]) ?? "",
                    bookerPrize: Self.flag($0[5])))
        }
    }

    private struct Table {
        let name: String
        let columns: Set<String>

        /// More than any tutorial's database has.
        private static let most = (rows: 1_000_000, bytes: 256 << 20)
        /// In bytes: a cell and the pointer to it (https://www.sqlite.org/fileformat2.html#b_tree_pages).
        private static let smallestRow = 6

        /// The first table of these names that has the columns. A view or a virtual table is none, and a generated
        /// column is not there: they would be computed, at whatever cost. (`pragma_table_list` works out the columns of
        /// every view.)
        init?(_ db: Database, named names: [String], with needed: Set<String>) throws {
            for name in names {
                let isTable = try Bool.fetchOne(
                    db,
                    sql: """
                        SELECT EXISTS (SELECT 1 FROM sqlite_schema
                            WHERE type = 'table' AND rootpage > 0 AND name = ? COLLATE NOCASE)
                        """,
                    arguments: [name])
                guard isTable == true else { continue }
                let columns = Set(
                    try String.fetchAll(
                        db, sql: "SELECT lower(name) FROM pragma_table_xinfo(?) WHERE hidden = 0", arguments: [name]))
                guard columns.isSuperset(of: needed) else { continue }
                self.name = name
                self.columns = columns
                return
            }
            return nil
        }

        /// The rows in the order of the table. A column that the table lacks is NULL. No index is read: one may be of
        /// expressions.
        /// - Throws: ``CommandError`` `dataError` if there are too many, or more than fit in the file: damaged pages,
        ///   or those of a forger, may lead to the same rows again and again.
        func rows<Value>(
            _ db: Database, _ wanted: [String], in file: (path: String, size: Int64), _ read: (Row) -> Value
        ) throws -> [Value] {
            let list = wanted.map { columns.contains($0) ? "\"\($0)\"" : "NULL" }.joined(separator: ", ")
            let rows = try Row.fetchCursor(db, sql: "SELECT \(list) FROM \"\(name)\" NOT INDEXED")
            var values: [Value] = []
            var bytes = 0
            while let row = try rows.next() {
                bytes += row.databaseValues.reduce(0) { $0 + FlaskLibrary.length($1) }
                guard values.count < Int(file.size) / Self.smallestRow, bytes <= 2 * file.size else {
                    throw CommandError(
                        .dataError, "\(file.path) is damaged: '\(name)' has more rows than fit in the file")
                }
                guard values.count < Self.most.rows, bytes <= Self.most.bytes else {
                    throw CommandError(.dataError, "\(file.path) has more rows in '\(name)' than can be imported")
                }
                values.append(read(row))
            }
            return values
        }
    }

    /// In bytes: of a text as UTF-8, which is longer than UTF-16 by half at most.
    private static func length(_ value: DatabaseValue) -> Int {
        switch value.storage {
        case .string(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        case .int64, .double, .null: 0
        }
    }

    /// A UUID; of a user who has none, always the same one (RFC 9562, section 5.8), so that a second import knows the
    /// user again.
    private static func publicID(_ value: DatabaseValue, id: String?, name: String?) -> String {
        let own = text(value)?.lowercased() ?? ""
        let groups = own.split(separator: "-", omittingEmptySubsequences: false)
        if groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            groups.joined().utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
        {
            return own
        }
        var bytes = Digest.sha256(Array("flask user \(id ?? "") \(own) \(name ?? "")".utf8))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9],
                bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            )
        ).uuidString.lowercased()
    }

    /// SQLite lets any column hold any type: numbers are taken as they read. A text is cut where it is longer than any
    /// that is taken.
    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .string(let text): String(text.unicodeScalars.prefix(1000))
        case .int64(let number): String(number)
        case .double(let number): "\(number)"
        case .blob, .null: nil
        }
    }

    private static func flag(_ value: DatabaseValue) -> Bool {
        ["1", "true", "t", "yes"].contains(text(value)?.lowercased())
    }
}
