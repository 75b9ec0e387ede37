import GRDB
import Shared
import Synchronization

/// A change of many authors that is stored in many transactions is unfinished until the last: nobody sees any of it.
///
/// The number of the owner's last event before it is stored with the user. Until the last transaction sets it to NULL,
/// the owner's readers see the library as it was just after that event, and the owner writes nothing else. If the
/// change fails, its events tell how to take it back; if the daemon ends, the next start does it.
extension SQLiteStore {
    /// The number of the owner's last event that is seen, an SQL expression; NULL if all are. `?1` is the owner.
    static let lastSeen = "(\(selectLastSeen))"
    private static let selectLastSeen = "SELECT unfinished_after FROM user WHERE id = ?1"

    /// The condition for an event to be the first later change of an author that was there, with the copy of it.
    /// - Parameter event: the number of the event after which the library is shown, an SQL expression as the owner is.
    static func isFirstLaterChange(of owner: String = "?1", after event: String = "?2") -> String {
        "owner = \(owner) AND sequence > \(event) AND previous <= \(event) AND version IS NOT NULL"
    }

    /// The number of a user's authors, an SQL expression. They are looked at one by one only if a change is unfinished.
    static let countOfAuthors = """
        iif(unfinished_after IS NULL, (SELECT count(*) FROM author WHERE owner = user.id),
            (SELECT count(*) FROM author WHERE owner = user.id AND event <= unfinished_after)
            + (SELECT count(*) FROM author_event
                WHERE \(isFirstLaterChange(of: "user.id", after: "unfinished_after"))))
        """

    /// The number of the owner's last event that is seen; `nil` if all are.
    static func lastSeen(_ connection: ReadConnection, owner: Int64) throws -> Int64? {
        try connection.integer(selectLastSeen, [owner])
    }

    static func lastSeen(_ db: Database, owner: Int64) throws -> Int64? {
        try db.raw(selectLastSeen).integer([.integer(owner)])
    }

    /// Passes if the owner has no unfinished change.
    /// - Throws: ``StoreError`` `busy`.
    static func requireNoneUnfinished(_ db: Database, owner: Int64) throws {
        guard try lastSeen(db, owner: owner) == nil else { throw StoreError.busy }
    }

    /// Runs a read of an owner's library with the number of the last event that is seen; `nil` if all are.
    func seeing<Value>(
        _ owner: Int64, _ connection: ReadConnection, _ body: (_ lastSeen: Int64?) throws -> Value
    ) throws -> Value {
        guard readers.hidesUnfinished else { return try body(nil) }
        return try connection.inTransaction { try body(Self.lastSeen(connection, owner: owner)) }
    }

    /// Stores that the owner's events after this one are of an unfinished change; `nil` shows all.
    private static func setUnfinished(_ db: Database, owner: Int64, after event: Int64?) throws {
        try db.raw("UPDATE user SET unfinished_after = ? WHERE id = ?").run([.init(event), .integer(owner)])
    }

    /// Lets the owner's writes wait until `writer` releases them, after those so far are done. Another change of many
    /// authors comes first, if it was earlier.
    /// - Throws: ``StoreError`` `busy` while one that failed is taken back.
    func hold(_ owner: Int64) async throws {
        let isHeld = Atomic(false)
        repeat {
            try await writer.write(from: .user(owner)) { _ in
            } committed: { [writer] in
                isHeld.store(writer.hold(owner), ordering: .releasing)
            }
        } while !isHeld.load(ordering: .acquiring)
        do {
            try await writer.write(from: .file(of: owner)) { try Self.requireNoneUnfinished($0, owner: owner) }
            guard readers.takenBack.withLock({ !$0.contains(owner) }) else { throw StoreError.busy }
        } catch {
            writer.release(owner)
            throw error
        }
    }

    /// A change that is stored in parts.
    struct Unfinished: Sendable {
        let owner: Int64
        /// The number of the owner's last event before it.
        fileprivate let seen: Int64

        /// Runs `body`, which writes one part.
        func part<Value>(_ db: Database, _ body: () throws -> Value) throws -> Value {
            guard try [nil, seen].contains(SQLiteStore.lastSeen(db, owner: owner)) else { throw StoreError.busy }
            try SQLiteStore.setUnfinished(db, owner: owner, after: nil)
            let value = try body()
            try SQLiteStore.setUnfinished(db, owner: owner, after: seen)
            return value
        }
    }

    /// Stores a change in many transactions, and shows it with the last. The owner's other writes must be held.
    /// - Parameters:
    ///   - body: writes all parts but the last.
    ///   - finish: what else the last transaction stores.
    func unfinished<Parts: Sendable, Value: Sendable>(
        owner: Int64, _ body: (Unfinished) async throws -> Parts,
        finish: @escaping @Sendable (Database, Parts) throws -> Value
    ) async throws -> Value {
        await readers.hideUnfinished()
        do {
            let parts = try await body(try await beginUnfinished(owner: owner))
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

    func beginUnfinished(owner: Int64) async throws -> Unfinished {
        try await writer.write(from: .file(of: owner)) { db in
            try Self.requireNoneUnfinished(db, owner: owner)
            return Unfinished(owner: owner, seen: try Self.lastSequence(db, owner: owner))
        }
    }

    /// Rows that are changed in one transaction: few, so that other writes do not wait long.
    static let part = 256
    /// If none wait.
    static let largestPart = 2048

    /// Takes back some of the events of an owner's unfinished change, the newest first.
    /// - Parameter count: of events at least, if there are so many.
    /// - Returns: whether these were the last.
    static func takeBackPart(_ db: Database, owner: Int64, count: Int = part) throws -> Bool {
        guard let seen = try lastSeen(db, owner: owner) else { return true }
        // Nobody sees the library of a closed account again, and its events are being deleted.
        guard try db.raw("SELECT \(isUser) FROM user WHERE id = ?").integer([.integer(owner)]) == 1 else {
            try setUnfinished(db, owner: owner, after: nil)
            return true
        }
        let authors = try TakenBack.newest(db, owner: owner, after: seen, count: count)
        let rows = try authors.map {
            (before: try authorIfAny(db, id: $0.id, owner: owner), after: $0.before, event: $0.previous)
        }
        try changeRows(db, rows, owner: owner)
        for taken in authors {
            try db.raw("UPDATE author_event SET next = NULL WHERE owner = ? AND sequence = ?").run([
                .integer(owner), .integer(taken.previous),
            ])
        }
        let first = authors.map(\.first).min() ?? .max
        try db.raw("DELETE FROM author_event WHERE owner = ? AND sequence >= ?").run([
            .integer(owner), .integer(first),
        ])
        guard first == .max || first == seen + 1 else { return false }
        try db.execute(sql: "DELETE FROM origin WHERE user = ? AND first_event > ?", arguments: [owner, seen])
        try setUnfinished(db, owner: owner, after: nil)
        return true
    }

    /// An author of whom events are taken back.
    private struct TakenBack {
        let id: Int64
        /// The author before the first of the events; `nil` if there was none.
        var before: Author?
        /// The numbers of the author's event before them, and of the first of them.
        var (previous, first): (Int64, Int64)

        /// The authors of an owner's newest events. If one event gives an author another name or book, all adjoining
        /// ones that do are taken too: they were stored together, and only together is no name given twice.
        static func newest(_ db: Database, owner: Int64, after seen: Int64, count: Int) throws -> [TakenBack] {
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT \(AuthorField.all.map { "e." + $0.name }.joined(separator: ", ")), e.sequence, e.previous,
                        e.change = \(change(AuthorEvent.updated))
                            AND (e.name <> coalesce(n.name, a.name) OR e.book <> coalesce(n.book, a.book))
                    FROM author_event AS e
                        LEFT JOIN author_event AS n ON n.owner = e.owner AND n.sequence = e.next
                        LEFT JOIN author AS a ON a.owner = e.owner AND a.id = e.id AND e.next IS NULL
                    WHERE e.owner = ? AND e.sequence > ? ORDER BY e.sequence DESC
                    """,
                arguments: [owner, seen])
            let column = AuthorField.all.count
            var authors: [TakenBack] = []
            var places: [Int64: Int] = [:]
            var (taken, isMove) = (0, false)
            while let row = try rows.next() {
                let wasMove = isMove
                isMove = try row.value(column + 2) as Bool? ?? false
                if taken >= count, !(wasMove && isMove) { break }
                taken += 1
                let event = TakenBack(
                    id: try row.value(AuthorField.id.rawValue),
                    before: row.hasNull(atIndex: AuthorField.version.rawValue) ? nil : try Author(row),
                    previous: try row.value(column + 1) ?? 0, first: try row.value(column))
                if let place = places[event.id] {
                    authors[place] = event
                } else {
                    places[event.id] = authors.count
                    authors.append(event)
                }
            }
            return authors
        }
    }

    /// Takes back an owner's change that failed. If that fails too, as on a full disk, it is tried again each second;
    /// until then the owner cannot change the library.
    private func takeBack(owner: Int64) async {
        let part: @Sendable (Database) throws -> Bool = { try Self.takeBackPart($0, owner: owner) }
        if (try? await inParts(part)) != nil { return readers.showUnfinished() }
        readers.takenBack.withLock { _ = $0.insert(owner) }
        Task.detached {
            guard await inPartsAtLast(BackgroundWork(kind: .takingBack, user: owner), part) else { return }
            readers.takenBack.withLock { _ = $0.remove(owner) }
            readers.showUnfinished()
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

    /// Writes in many transactions, each of which is tried again each second if it fails. Meanwhile
    /// ``Store/failingWork`` has the work.
    /// - Returns: `false` if the store was closed before the last part.
    func inPartsAtLast(
        _ work: BackgroundWork, _ part: @escaping @Sendable (Database) throws -> Bool
    ) async -> Bool {
        while !writer.isClosed {
            do {
                let isDone = try await writer.write(isLong: true, part)
                failures[work] = nil
                if isDone { return true }
                continue
            } catch StoreError.closed {
                return false
            } catch StoreError.busy {
                // Others write much.
            } catch {
                let name = try? readers.read {
                    try String.fetchOne($0, sql: "SELECT name FROM user WHERE id = ?", arguments: [work.user])
                }
                failures[work] = BackgroundWork.Failure(account: name, reason: StoreError.reason(of: error))
            }
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
        readers.takenBack.withLock { $0.formUnion(owners) }
        Task.detached {
            await withTaskGroup { group in
                for owner in owners {
                    group.addTask {
                        let work = BackgroundWork(kind: .takingBack, user: owner)
                        guard await inPartsAtLast(work, { try Self.takeBackPart($0, owner: owner) }) else { return }
                        readers.takenBack.withLock { _ = $0.remove(owner) }
                    }
                }
            }
            guard !writer.isClosed else { return }
            // From the start on, unfinished changes were hidden.
            readers.showUnfinished()
        }
        Task.detached { for user in deleted { await finishDeletion(of: user) } }
    }
}
