import GRDB
import Shared

/// What becomes of the authors whose changes are taken back.
struct UndoPlan {
    fileprivate struct Step {
        let id: Int64
        /// The number of the author's last event.
        let last: Int64
        /// How many events are taken back.
        let events: Int64
        /// As it is; `nil` if it was deleted.
        let before: Author?
        /// As it will be; `nil` if it will be deleted.
        let after: Author?
    }

    private let owner: Int64
    private let now: Timestamp
    /// The library's last event.
    private let position: EventPosition
    /// In the order in which they are performed: deletions, updates, creations.
    private var steps: [Step] = []
    /// Events that are taken back.
    private var undone: Int64 = 0
    private var obstacles: [UndoObstacle] = []

    /// - Throws: as ``SQLiteStore/undo(_:owner:from:as:at:)``.
    init(_ db: Database, _ request: UndoRequest, owner: Int64, at now: Timestamp) throws {
        (self.owner, self.now) = (owner, now)
        position = EventPosition(
            epoch: try String.fetchOne(db, sql: "SELECT epoch FROM library") ?? "",
            sequence: try SQLiteStore.lastSequence(db, owner: owner))
        if let expected = request.expectedEvent, expected != position.description { throw StoreError.libraryChanged }
        var steps: [Step] = []
        for events in try Self.events(db, request, owner: owner, position) {
            guard let step = try step(db, events) else { continue }
            if step.hasEffect { steps.append(step) } else { undone += step.events }
        }
        try findConflicts(db, &steps)
        undone += steps.reduce(0) { $0 + $1.events }
        guard request.force == true || obstacles.isEmpty else {
            throw StoreError.undoConflict(
                Array(obstacles.prefix(UndoReport.listed)), count: obstacles.count)
        }
        let updates = steps.filter { $0.before != nil && $0.after != nil }
        self.steps = steps.filter { $0.after == nil } + updates + steps.filter { $0.before == nil }
    }

    // MARK: What to take back

    /// One event that is taken back.
    fileprivate struct Event {
        let number: Int64
        let kind: String
        let id: Int64
        let previous: Int64?
        let next: Int64?
        /// As it was before; `nil` for a creation, and if that was not kept.
        let before: Author?
    }

    /// The events, those of each author together and in order.
    private static func events(
        _ db: Database, _ request: UndoRequest, owner: Int64, _ position: EventPosition
    ) throws -> [[Event]] {
        /// The number of the first event, and what all of them fulfil.
        let (start, condition, argument): (Int64, String, Int64)
        if let id = request.event {
            start = try SQLiteStore.sequence(id, position)
            (condition, argument) = ("sequence = ?", start)
        } else if let last = request.last {
            guard last <= position.sequence else { throw StoreError.fewerChanges(position.sequence) }
            start = position.sequence - last + 1
            (condition, argument) = ("sequence >= ?", start)
        } else {
            guard let id = request.importID, let known = try SQLiteStore.origin(db, ofImport: id, owner: owner) else {
                throw StoreError.importNotFound
            }
            start = known.firstEvent
            (condition, argument) = ("origin = ?", known.number)
        }
        guard start > 0 else { throw StoreError.eventNotFound }
        try requireKept(db, from: start, through: request.event == nil ? position.sequence : start, owner: owner)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT \(AuthorRow.columns), sequence, kind, previous, next FROM author_event
                WHERE owner = ? AND sequence >= ? AND \(condition) ORDER BY sequence
                """,
            arguments: [owner, start, argument])
        var groups: [[Event]] = []
        var places: [Int64: Int] = [:]
        while let row = try rows.next() {
            let event = try Event(row)
            if let place = places[event.id] {
                groups[place].append(event)
            } else {
                places[event.id] = groups.count
                groups.append([event])
            }
        }
        return groups
    }

    /// Passes if all of these events are kept: the first ones of a file that creates more than are kept never are.
    /// - Throws: ``StoreError`` `historyGone`.
    private static func requireKept(
        _ db: Database, from first: Int64, through last: Int64, owner: Int64
    ) throws {
        let range: [ColumnValue] = [.integer(owner), .integer(first), .integer(last)]
        let count = "SELECT count(*) FROM author_event WHERE owner = ? AND sequence BETWEEN ? AND ?"
        guard try db.raw(count).integer(range) == last - first + 1 else {
            let oldest = "SELECT min(at) FROM author_event WHERE owner = ? AND sequence BETWEEN ? AND ?"
            let time = try db.raw(oldest).integer(range)
            throw StoreError.historyGone(since: time.map { Timestamp(milliseconds: $0) })
        }
    }

    /// What becomes of one author; `nil` if something is in the way.
    private mutating func step(_ db: Database, _ events: [Event]) throws -> Step? {
        guard let first = events.first, let last = events.last else { return nil }
        let current = last.kind == AuthorEvent.deleted ? nil : try Self.author(db, last.id, owner: owner)
        let known = current ?? last.before
        func obstacle(_ reason: String) -> UndoObstacle {
            UndoObstacle(id: last.id, name: known?.name ?? "", book: known?.book ?? "", reason: reason)
        }
        for (event, following) in zip(events, events.dropFirst().map(\.number) + [nil]) where event.next != following {
            obstacles.append(obstacle("has changed since"))
            return nil
        }
        var after: Author?
        if first.kind != AuthorEvent.created {
            guard let old = first.before, let known else {
                obstacles.append(obstacle("was changed, and what it was before is no longer kept"))
                return nil
            }
            after = Author(
                id: old.id, old.draft, createdAt: old.createdAt, updatedAt: now, version: known.version + 1)
        }
        return Step(
            id: last.id, last: last.number, events: Int64(events.count), before: current, after: after)
    }

    // MARK: What is in the way

    /// Takes away the steps to a name and book that another author has who stays as it is.
    private mutating func findConflicts(_ db: Database, _ steps: inout [Step]) throws {
        var places: [AuthorKey: Int] = [:]
        var isMoving = Dictionary(uniqueKeysWithValues: steps.map { ($0.id, true) })
        // Each author that stays after all can be in the way of another.
        var staying: [Int] = []
        func stop(_ place: Int, _ other: Int64) {
            guard let after = steps[place].after, isMoving[steps[place].id] == true else { return }
            isMoving[steps[place].id] = false
            staying.append(place)
            obstacles.append(
                UndoObstacle(
                    id: after.id, name: after.name, book: after.book,
                    reason: "had the name and the book that author \(other) has"))
        }
        for (place, step) in steps.enumerated() {
            guard let after = step.after else { continue }
            if let other = places[AuthorKey(after)] {
                stop(place, steps[other].id)
                continue
            }
            places[AuthorKey(after)] = place
            let other = try SQLiteStore.existingAuthor(db, owner: owner, after.draft.values)
            if let other, isMoving[other] == nil { stop(place, other) }
        }
        while let place = staying.popLast() {
            guard let before = steps[place].before, let other = places[AuthorKey(before)], other != place else {
                continue
            }
            stop(other, before.id)
        }
        steps.removeAll { isMoving[$0.id] == false }
    }

    /// `nil` if there is none.
    private static func author(_ db: Database, _ id: Int64, owner: Int64) throws -> Author? {
        do {
            return try SQLiteStore.author(db, id: id, owner: owner)
        } catch StoreError.authorNotFound {
            return nil
        }
    }

    /// Compared by bytes, as in the database.
    fileprivate struct AuthorKey: Hashable {
        let name: [UInt8]
        let book: [UInt8]

        init(_ author: Author) { (name, book) = (Array(author.name.utf8), Array(author.book.utf8)) }
    }

    // MARK: The work

    /// Performs the steps. Rows that get another name or book are removed first: one author can get those of another.
    /// - Throws: ``StoreError`` `busy` if somebody changed the library since the plan was made.
    func perform(_ db: Database, from origin: Int64?, at now: Timestamp) throws {
        try SQLiteStore.requireNoneStaged(db, owner: owner)
        guard try SQLiteStore.lastSequence(db, owner: owner) == position.sequence else { throw StoreError.busy }
        for step in steps {
            if let before = step.before, !step.keepsKey { try SQLiteStore.remove(db, before, owner: owner) }
        }
        for (number, step) in zip((position.sequence + 1)..., steps) {
            if let before = step.before, let after = step.after, step.keepsKey {
                try SQLiteStore.update(db, before, to: after, owner: owner, event: number)
            } else if let after = step.after {
                try SQLiteStore.insert(db, after, owner: owner, event: number)
            }
            try SQLiteStore.record(
                db, step.event, of: step.id, number: number, after: step.last, step.before, owner: owner, from: origin,
                at: now)
        }
    }

    func report(_ message: String) -> UndoReport {
        let isDone = message == Message.undone
        let end = EventPosition(
            epoch: position.epoch, sequence: position.sequence + (isDone ? Int64(steps.count) : 0))
        func count(_ kind: String) -> Int64 { Int64(steps.count { $0.event == kind }) }
        return UndoReport(
            message, eventID: end.description, undone: undone, created: count(AuthorEvent.created),
            updated: count(AuthorEvent.updated), deleted: count(AuthorEvent.deleted), skipped: Int64(obstacles.count),
            changes: steps.prefix(UndoReport.listed).compactMap(\.change),
            obstacles: Array(obstacles.prefix(UndoReport.listed)))
    }
}

extension UndoPlan.Step {
    /// Whether the author becomes another one.
    fileprivate var hasEffect: Bool {
        guard let before, let after else { return before != nil || after != nil }
        return !before.draft.values.isSame(as: after.draft.values)
    }

    /// Whether the author stays, with its name and book.
    fileprivate var keepsKey: Bool {
        before.flatMap { before in after.map { UndoPlan.AuthorKey(before) == UndoPlan.AuthorKey($0) } } ?? false
    }

    fileprivate var event: String {
        after == nil ? AuthorEvent.deleted : before == nil ? AuthorEvent.created : AuthorEvent.updated
    }

    fileprivate var change: UndoneChange? {
        (after ?? before).map { author in
            UndoneChange(
                event: event, author: author,
                old: event == AuthorEvent.updated
                    ? before?.draft.values.differing(from: author.draft.values) : nil)
        }
    }
}

extension UndoPlan.Event {
    /// - Parameter row: of ``AuthorRow/columns`` and the number, the kind, the previous and the next event.
    fileprivate init(_ row: Row) throws {
        let first = AuthorField.all.count
        id = try row.value(0)
        number = try row.value(first)
        kind = try row.value(first + 1)
        previous = try row.value(first + 2)
        next = try row.value(first + 3)
        before = row.hasNull(atIndex: AuthorField.version.rawValue) ? nil : try Author(row)
    }
}
