import GRDB
import Shared

/// A change of many authors that is stored in many transactions is unfinished until the last: nobody sees any of it.
///
/// The number of the owner's last event before it is stored with the user. Until the last transaction sets it to NULL,
/// the owner's readers see the library as it was just after that event, and the owner writes nothing else. If the
/// change fails, its events tell how to take it back; if the daemon ends, the next start does it.
extension SQLiteStore {
    /// The number of the owner's last event that is seen, an SQL expression; NULL if all are. `?1` is the owner.
    static let lastSeen = "(SELECT unfinished_after FROM user WHERE id = ?1)"

    /// The condition for an event to be of an author that was there just before, with the copy of it. `?1` is the
    /// owner, and `?2` the event after which the library is shown.
    static let isFirstLaterChange = "owner = ?1 AND sequence > ?2 AND previous <= ?2 AND version IS NOT NULL"

    /// The number of a user's authors, an SQL expression. They are looked at one by one only if a change is unfinished.
    static let countOfAuthors = """
        iif(unfinished_after IS NULL, (SELECT count(*) FROM author WHERE owner = user.id),
            (SELECT count(*) FROM author WHERE owner = user.id AND event <= unfinished_after)
            + (SELECT count(*) FROM author_event WHERE owner = user.id AND sequence > unfinished_after
                AND previous <= unfinished_after AND version IS NOT NULL))
        """

    /// The number of the owner's last event that is seen; `nil` if all are.
    static func lastSeen(_ connection: ReadConnection, owner: Int64) throws -> Int64? {
        try connection.integer("SELECT unfinished_after FROM user WHERE id = ?", [owner])
    }

    static func lastSeen(_ db: Database, owner: Int64) throws -> Int64? {
        try db.raw("SELECT unfinished_after FROM user WHERE id = ?").integer([.integer(owner)])
    }

    /// Passes if the owner has no unfinished change.
    /// - Throws: ``StoreError`` `busy`.
    static func requireNoneUnfinished(_ db: Database, owner: Int64) throws {
        guard try lastSeen(db, owner: owner) == nil else { throw StoreError.busy }
    }

    /// Stores that the owner's events after this one are of an unfinished change; `nil` shows all.
    static func setUnfinished(_ db: Database, owner: Int64, after event: Int64?) throws {
        try db.execute(sql: "UPDATE user SET unfinished_after = ? WHERE id = ?", arguments: [event, owner])
    }

    /// Stores a change in many transactions, and shows it with the last. The owner's other writes must wait.
    /// - Parameters:
    ///   - body: writes all parts but the last. Each one uses ``continueUnfinished(_:owner:_:)``.
    ///   - finish: what else the last transaction stores.
    func unfinished<Parts: Sendable, Value: Sendable>(
        owner: Int64, _ body: () async throws -> Parts,
        finish: @escaping @Sendable (Database, Parts) throws -> Value
    ) async throws -> Value {
        await readers.hideUnfinished()
        do {
            let parts = try await body()
            let value = try await writer.write(from: .file(of: owner)) { db in
                try Self.setUnfinished(db, owner: owner, after: nil)
                return try finish(db, parts)
            }
            readers.showUnfinished()
            return value
        } catch {
            await takeBack(owner: owner)
            throw error
        }
    }

    /// Runs `body`, which writes a part of an unfinished change, the first one too.
    static func continueUnfinished<Value>(_ db: Database, owner: Int64, _ body: () throws -> Value) throws -> Value {
        let seen = try lastSeen(db, owner: owner) ?? lastSequence(db, owner: owner)
        try setUnfinished(db, owner: owner, after: nil)
        let value = try body()
        try setUnfinished(db, owner: owner, after: seen)
        return value
    }

    /// Rows that are changed in one transaction: few, so that other writes do not wait long.
    static let part = 256
    /// If none wait.
    static let largestPart = 2048

    /// Takes back some of the events of an owner's unfinished change, the newest first.
    /// - Returns: whether these were the last.
    static func takeBackPart(_ db: Database, owner: Int64) throws -> Bool {
        guard let seen = try lastSeen(db, owner: owner) else { return true }
        let events = try Row.fetchAll(
            db,
            sql: """
                SELECT \(AuthorRow.columns), sequence, change, previous FROM author_event
                WHERE owner = ? AND sequence > ? ORDER BY sequence DESC LIMIT \(part)
                """,
            arguments: [owner, seen])
        for event in events { try takeBack(event, db, owner: owner) }
        guard events.count < part else { return false }
        try db.execute(sql: "DELETE FROM origin WHERE user = ? AND first_event > ?", arguments: [owner, seen])
        try setUnfinished(db, owner: owner, after: nil)
        return true
    }

    /// - Parameter event: the author's columns, and the number, the kind, and the number of the author's event before.
    private static func takeBack(_ event: Row, _ db: Database, owner: Int64) throws {
        let first = AuthorField.all.count
        let id: Int64 = try event.value(AuthorField.id.rawValue)
        let (number, change): (Int64, Int64) = try (event.value(first), event.value(first + 1))
        let previous: Int64 = try event.value(first + 2) ?? 0
        let before = event.hasNull(atIndex: AuthorField.version.rawValue) ? nil : try Author(event)
        switch (before, change) {
        case (let before?, self.change(AuthorEvent.deleted)):
            try insert(db, before, owner: owner, event: previous)
        case (let before?, _):
            try update(db, author(db, id: id, owner: owner), to: before, owner: owner, event: previous)
        case (nil, _):
            try remove(db, author(db, id: id, owner: owner), owner: owner)
        }
        try db.raw("DELETE FROM author_event WHERE owner = ? AND sequence = ?").run([
            .integer(owner), .integer(number),
        ])
        try db.raw("UPDATE author_event SET next = NULL WHERE owner = ? AND sequence = ?").run([
            .integer(owner), .integer(previous),
        ])
    }

    /// Takes back an owner's change that failed. If that fails too, as on a full disk, it is tried again each second;
    /// until then the owner cannot change the library.
    func takeBack(owner: Int64) async {
        let part: @Sendable (Database) throws -> Bool = { try Self.takeBackPart($0, owner: owner) }
        if (try? await inParts(part)) != nil { return readers.showUnfinished() }
        Task.detached {
            if await inPartsAtLast(part) { readers.showUnfinished() }
        }
    }

    /// Takes back the changes that were unfinished when the daemon ended. No daemon may serve the library.
    package func takeBackUnfinished() async throws {
        for owner in try readers.read({ try Int64.fetchAll($0, sql: Self.ownersOfUnfinished) }) {
            try await inParts { try Self.takeBackPart($0, owner: owner) }
        }
    }

    private static let ownersOfUnfinished = "SELECT id FROM user WHERE unfinished_after IS NOT NULL"

    static func deleteAuthors(_ db: Database, owner: Int64, in ids: ClosedRange<Int64>) throws {
        try SearchIndex.remove(owner: owner, in: ids, db)
        try db.execute(
            sql: "DELETE FROM author WHERE owner = ? AND id BETWEEN ? AND ?",
            arguments: [owner, ids.lowerBound, ids.upperBound])
    }

    /// Writes in many transactions, so that other writes go between.
    /// - Parameter part: returns whether it was the last part.
    private func inParts(_ part: @escaping @Sendable (Database) throws -> Bool) async throws {
        while try await !writer.write(isLong: true, part) {}
    }

    /// The same, tried again each second if it fails.
    /// - Returns: `false` if the store was closed before the last part.
    func inPartsAtLast(_ part: @escaping @Sendable (Database) throws -> Bool) async -> Bool {
        while !writer.isClosed {
            if (try? await inParts(part)) != nil { return true }
            try? await Task.sleep(for: .seconds(1))
        }
        return false
    }

    /// Does in the background what was unfinished when the daemon ended: takes changes back, and deletes users. Called
    /// before the first request: later changes are not those of an earlier run.
    func resume() throws {
        let (owners, deleted) = try readers.read { db in
            try (
                Int64.fetchAll(db, sql: Self.ownersOfUnfinished),
                Int64.fetchAll(db, sql: "SELECT id FROM user WHERE NOT \(Self.isUser)")
            )
        }
        Task.detached {
            for owner in owners {
                guard await inPartsAtLast({ try Self.takeBackPart($0, owner: owner) }) else { return }
            }
            // From the start on, unfinished changes were hidden.
            readers.showUnfinished()
            for user in deleted { await finishDeletion(of: user) }
        }
    }
}
