import Foundation
import GRDB
import Shared

/// A database of the origin tutorial, as it was read: tables `users` and `authors`, or `user` and `author`.
struct FlaskLibrary: Sendable {
    struct User: Sendable {
        /// As text: some have UUIDs here.
        let id: String
        let publicID: String
        let name: String?
        let password: String?
        let admin: Bool
    }

    struct Author: Sendable {
        let id: String
        let owner: String?
        /// What is missing is empty, which no author may be.
        let draft: AuthorDraft
    }

    let users: [User]
    let authors: [Author]
    /// Whether authors name their users at all: the tutorial added that column late.
    let hasOwners: Bool

    /// Reads the file and changes nothing in it.
    /// - Throws: ``StartupError`` if it is no such database.
    init(path: String) throws {
        guard try FileStatus(path: path) != nil else { throw StartupError(.noInput, "\(path): there is no such file") }
        do {
            let connection = try Store.openForReading(path: path)
            defer { try? connection.close() }
            // One transaction: what the tutorial's server writes meanwhile is in all of it or in nothing.
            self = try connection.read { try FlaskLibrary($0, path: path) }
        } catch let error as DatabaseError {
            throw StartupError(database: error, path: path)
        }
    }

    private init(_ db: Database, path: String) throws {
        let users = try Table(db, named: ["users", "user"], with: ["id", "name", "password"])
        let authors = try Table(db, named: ["authors", "author"], with: ["id", "name", "book", "country"])
        guard let users, let authors else {
            throw StartupError(
                .data, "\(path) is not a database of the tutorial: it has no tables users and authors",
                hint: "libraryd restore puts a backup of libraryd's own in place")
        }
        let owner = ["user_id", "owner"].first(where: authors.columns.contains)
        hasOwners = owner != nil
        self.users = try Row.fetchAll(db, sql: users.select(["id", "public_id", "name", "password", "admin"])).map {
            User(
                id: Self.text($0[0]) ?? "",
                publicID: Self.publicID($0[1], id: Self.text($0[0]), name: Self.text($0[2])), name: Self.text($0[2]),
                password: Self.text($0[3]),
                admin: Self.flag($0[4]))
        }
        let columns = ["id", owner ?? "no owner", "name", "book", "country", "booker_prize"]
        self.authors = try Row.fetchAll(db, sql: authors.select(columns)).map {
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

        /// The first table of these names that has the columns.
        init?(_ db: Database, named names: [String], with needed: Set<String>) throws {
            for name in names where try db.tableExists(name) {
                let columns = Set(try db.columns(in: name).map { $0.name.lowercased() })
                guard columns.isSuperset(of: needed) else { continue }
                self.name = name
                self.columns = columns
                return
            }
            return nil
        }

        /// A column that the table lacks is NULL.
        func select(_ wanted: [String]) -> String {
            let list = wanted.map { columns.contains($0) ? "\"\($0)\"" : "NULL" }.joined(separator: ", ")
            return "SELECT \(list) FROM \"\(name)\" ORDER BY id"
        }
    }

    /// A UUID; of a user who has none, always the same one (RFC 9562, section 5.8), so that a second import knows the user again.
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

    /// SQLite lets any column hold any type: numbers are taken as they read.
    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .string(let text): text
        case .int64(let number): String(number)
        case .double(let number): "\(number)"
        case .blob, .null: nil
        }
    }

    private static func flag(_ value: DatabaseValue) -> Bool {
        ["1", "true", "t", "yes"].contains(text(value)?.lowercased())
    }
}
