import GRDB
package import Shared

extension SQLiteStore {
    package func undo(
        _ request: UndoRequest, owner: Int64, from origin: Int64? = nil, as key: IdempotentRequest? = nil,
        at now: Timestamp, clock: (@Sendable () -> Timestamp)? = nil
    ) async throws -> UndoReport {
        if request.dryRun == true {
            return try await plan(request, owner: owner, at: now).report(Message.wouldUndo)
        }
        defer { changes.advance(owner) }
        guard request.importID != nil || request.last ?? 1 > Int64(Self.part) else {
            return try await writer.write(from: .user(owner), isLong: request.last ?? 1 > 16) { db in
                if let report = try Self.report(db, of: key, owner: owner, at: now) { return report }
                try Self.requireNoneUnfinished(db, owner: owner)
                let plan = try UndoPlan(request, of: UndoneLibrary(db, owner), at: now)
                try Self.perform(plan, plan.steps.indices, db, owner: owner, from: origin, at: now)
                return try Self.keep(db, plan, to: key, owner: owner, at: now)
            }
        }
        // While the plan is made, other users' writes go on, and those of the owner wait.
        try await hold(owner)
        defer { writer.release(owner) }
        if key != nil,
            let report = try await readers.readSlowly({ try Self.report($0, of: key, owner: owner, at: now) })
        {
            return report
        }
        // The owner's events are in the order of their times.
        let now = max(now, clock?() ?? now)
        let plan = try await plan(request, owner: owner, at: now)
        return try await unfinished(owner: owner) { change in
            var done = 0
            while done < plan.steps.count {
                done = try await writer.write(from: .file(of: owner), isLong: true) { [done] db in
                    try change.part(db) { try perform(plan, from: done, db, owner: owner, from: origin, at: now) }
                }
            }
        } finish: { db, _ in
            try Self.keep(db, plan, to: key, owner: owner, at: now)
        }
    }

    /// Performs a part of the plan.
    /// - Parameter start: how many of the steps are done.
    /// - Returns: how many are done then.
    private func perform(
        _ plan: UndoPlan, from start: Int, _ db: Database, owner: Int64, from origin: Int64?, at now: Timestamp
    ) throws -> Int {
        var end = start
        repeat {
            let next = plan.endOfPart(from: end, count: Self.part)
            try Self.perform(plan, end..<next, db, owner: owner, from: origin, at: now)
            end = next
        } while end < plan.steps.count && end - start < Self.largestPart && !writer.hasWaiting
        return end
    }

    private func plan(_ request: UndoRequest, owner: Int64, at now: Timestamp) async throws -> UndoPlan {
        try await readers.readSlowly { db in
            var plan: UndoPlan?
            // All statements read the same state.
            try db.inTransaction(.deferred) {
                try Self.requireNoneUnfinished(db, owner: owner)
                plan = try UndoPlan(request, of: UndoneLibrary(db, owner), at: now)
                return .commit
            }
            guard let plan else { throw StoreError.busy }
            return plan
        }
    }

    /// The stored reply to the same request, if it came before.
    private static func report(
        _ db: Database, of key: IdempotentRequest?, owner: Int64, at now: Timestamp
    ) throws -> UndoReport? {
        try reply(db, to: key, owner: owner, at: now).map { try UndoReport(json: $0, unknownMembers: .ignored) }
    }

    /// Stores the reply to a request whose plan was performed, and returns it.
    private static func keep(
        _ db: Database, _ plan: UndoPlan, to key: IdempotentRequest?, owner: Int64, at now: Timestamp
    ) throws -> UndoReport {
        let report = plan.report(Message.undone)
        try keep(db, reply: report.json, to: key, owner: owner, at: now)
        return report
    }

    /// Performs some of the steps.
    /// - Throws: ``StoreError`` `busy` if somebody changed the library since the plan was made.
    static func perform(
        _ plan: UndoPlan, _ part: Range<Int>, _ db: Database, owner: Int64, from origin: Int64?, at now: Timestamp
    ) throws {
        let next = try nextEvent(db, owner: owner)
        guard next == plan.position.sequence + 1 + Int64(part.lowerBound) else { throw StoreError.busy }
        let steps = zip(next..., plan.steps[part])
        try changeRows(db, steps.map { ($1.before, $1.after, $0) }, owner: owner)
        for (number, step) in steps {
            try record(
                db, step.event, of: step.id, number: number, after: step.last, step.before, owner: owner, from: origin,
                at: now)
        }
    }
}

/// What a plan reads of a library.
struct UndoneLibrary: UndoSource {
    private let db: Database
    private let owner: Int64

    init(_ db: Database, _ owner: Int64) { (self.db, self.owner) = (db, owner) }

    func position() throws -> EventPosition {
        EventPosition(
            epoch: try String.fetchOne(db, sql: "SELECT epoch FROM library") ?? "",
            sequence: try SQLiteStore.lastSequence(db, owner: owner))
    }

    func origin(ofImport id: String) throws -> (number: Int64, firstEvent: Int64)? {
        try SQLiteStore.origin(db, ofImport: id, owner: owner)
    }

    func countOfEvents(from first: Int64, through last: Int64) throws -> Int64 {
        let count = "SELECT count(*) FROM author_event WHERE owner = ? AND sequence BETWEEN ? AND ?"
        return try db.raw(count).integer([.integer(owner), .integer(first), .integer(last)]) ?? 0
    }

    func oldestEvent(from first: Int64, through last: Int64) throws -> Timestamp? {
        let oldest = "SELECT min(at) FROM author_event WHERE owner = ? AND sequence BETWEEN ? AND ?"
        return try db.raw(oldest).integer([.integer(owner), .integer(first), .integer(last)])
            .map { Timestamp(milliseconds: $0) }
    }

    func events(_ selection: UndoPlan.Selection, _ body: (UndoPlan.Event) -> Void) throws {
        let (condition, argument) =
            switch selection.others {
            case .none: ("sequence = ?", selection.first)
            case .following: ("sequence >= ?", selection.first)
            case .ofOrigin(let number): ("origin = ?", number)
            }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT \(AuthorRow.columns), sequence, kind, next FROM author_event
                WHERE owner = ? AND sequence >= ? AND \(condition) ORDER BY sequence
                """,
            arguments: [owner, selection.first, argument])
        let first = AuthorField.all.count
        while let row = try rows.next() {
            let isKept = !row.hasNull(atIndex: AuthorField.version.rawValue)
            body(
                UndoPlan.Event(
                    number: try row.value(first), kind: try row.value(first + 1), id: try row.value(0),
                    next: try row.value(first + 2), before: isKept ? try Author(row) : nil))
        }
    }

    func authors(_ ids: [Int64]) throws -> [Int64: Author] {
        var authors: [Int64: Author] = [:]
        for id in ids {
            do {
                authors[id] = try SQLiteStore.author(db, id: id, owner: owner)
            } catch StoreError.authorNotFound {
                continue
            }
        }
        return authors
    }

    func holders(ofKeysOf authors: [Author]) throws -> [Int64?] {
        try authors.map { try SQLiteStore.existingAuthor(db, owner: owner, $0.draft.values) }
    }
}
