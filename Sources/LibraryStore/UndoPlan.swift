package import Shared

/// What a plan of an undo reads of one owner's library, all of it of the same state.
package protocol UndoSource {
    /// The library's last event.
    func position() throws -> EventPosition
    /// An import, with the number of its first event; `nil` if there is none of that id.
    func origin(ofImport id: String) throws -> (number: Int64, firstEvent: Int64)?
    /// How many of the events from the first number to the last are kept.
    func countOfEvents(from first: Int64, through last: Int64) throws -> Int64
    /// When the oldest of them happened.
    func oldestEvent(from first: Int64, through last: Int64) throws -> Timestamp?
    /// Calls `body` with each event of the selection, the oldest first.
    func events(_ selection: UndoPlan.Selection, _ body: (UndoPlan.Event) -> Void) throws
    /// The authors of these ids, without those that are missing.
    func authors(_ ids: [Int64]) throws -> [Int64: Author]
    /// The id of the author that has the name and the book of each of these; `nil` if there is none.
    func holders(ofKeysOf authors: [Author]) throws -> [Int64?]
}

/// What becomes of the authors whose changes are taken back.
package struct UndoPlan {
    package struct Step {
        package let id: Int64
        /// The number of the author's last event.
        package let last: Int64
        /// How many events are taken back.
        fileprivate let events: Int64
        /// As it is; `nil` if it was deleted.
        package let before: Author?
        /// As it will be; `nil` if it will be deleted.
        package let after: Author?
    }

    private let now: Timestamp
    /// The library's last event.
    package let position: EventPosition
    /// In the order in which they are performed: deletions, updates, of which those of names and books come first,
    /// creations. Their events follow ``position``.
    package private(set) var steps: [Step] = []
    /// Events that are taken back.
    private var undone: Int64 = 0
    private var obstacles: [UndoObstacle] = []

    /// - Throws: as ``Store/undo(_:owner:from:as:at:clock:)``.
    package init(_ request: UndoRequest, of library: some UndoSource, at now: Timestamp) throws {
        self.now = now
        position = try library.position()
        if let expected = request.expectedEvent, expected != position.description { throw StoreError.libraryChanged }
        let groups = try Self.events(library, request, position)
        let present = groups.compactMap(\.last).filter { $0.kind != AuthorEvent.deleted }.map(\.id)
        let authors = try library.authors(present)
        var steps: [Step] = []
        for events in groups {
            guard let step = step(events, authors) else { continue }
            if step.hasEffect { steps.append(step) } else { undone += step.events }
        }
        try findConflicts(library, &steps)
        undone += steps.reduce(0) { $0 + $1.events }
        guard request.force == true || obstacles.isEmpty else {
            throw StoreError.undoConflict(
                Array(obstacles.prefix(UndoReport.listed)), count: obstacles.count)
        }
        self.steps =
            steps.filter { $0.after == nil } + steps.filter(\.isMove) + steps.filter(\.keepsKey)
            + steps.filter { $0.before == nil }
    }

    /// The end of a part of the steps that can be performed before the others. It has all updates of names and books or
    /// none: one author can get those of another.
    /// - Parameters:
    ///   - start: where the part begins.
    ///   - count: how many steps it has, unless the updates of names and books are more.
    package func endOfPart(from start: Int, count: Int) -> Int {
        var end = min(start + count, steps.count)
        while end < steps.count, steps[end - 1].isMove, steps[end].isMove { end += 1 }
        return end
    }

    // MARK: What to take back

    /// Which events are taken back.
    package struct Selection {
        /// The number of the first one.
        package let first: Int64
        package let others: Others

        package enum Others {
            case none
            /// All that follow.
            case following
            /// Those that follow and have this origin.
            case ofOrigin(Int64)
        }
    }

    /// One event that is taken back.
    package struct Event {
        fileprivate let number: Int64
        fileprivate let kind: String
        fileprivate let id: Int64
        fileprivate let next: Int64?
        /// As it was before; `nil` for a creation, and if that was not kept.
        fileprivate let before: Author?

        /// - Parameters:
        ///   - id: of the author.
        ///   - next: the number of the author's next event.
        package init(number: Int64, kind: String, id: Int64, next: Int64?, before: Author?) {
            (self.number, self.kind, self.id, self.next, self.before) = (number, kind, id, next, before)
        }
    }

    /// The events, those of each author together and in order.
    private static func events(
        _ library: some UndoSource, _ request: UndoRequest, _ position: EventPosition
    ) throws -> [[Event]] {
        let (start, others) = try range(library, request, position)
        guard start > 0 else { throw StoreError.eventNotFound }
        try requireKept(library, from: start, through: request.event == nil ? position.sequence : start)
        var groups: [[Event]] = []
        var places: [Int64: Int] = [:]
        try library.events(Selection(first: start, others: others)) { event in
            if let place = places[event.id] {
                groups[place].append(event)
            } else {
                places[event.id] = groups.count
                groups.append([event])
            }
        }
        return groups
    }

    private static func range(
        _ library: some UndoSource, _ request: UndoRequest, _ position: EventPosition
    ) throws -> (start: Int64, others: Selection.Others) {
        if let id = request.event { return (try position.number(of: id), .none) }
        if let last = request.last {
            guard last <= position.sequence else { throw StoreError.fewerChanges(position.sequence) }
            return (position.sequence - last + 1, .following)
        }
        guard let id = request.importID, let known = try library.origin(ofImport: id) else {
            throw StoreError.importNotFound
        }
        return (known.firstEvent, .ofOrigin(known.number))
    }

    /// Passes if all of these events are kept: of a file that creates more than are kept, the first ones are not.
    /// - Throws: ``StoreError`` `historyGone`.
    private static func requireKept(_ library: some UndoSource, from first: Int64, through last: Int64) throws {
        guard try library.countOfEvents(from: first, through: last) == last - first + 1 else {
            throw StoreError.historyGone(since: try library.oldestEvent(from: first, through: last))
        }
    }

    /// What becomes of one author; `nil` if something is in the way.
    /// - Parameter authors: those that are in the library, by their ids.
    private mutating func step(_ events: [Event], _ authors: [Int64: Author]) -> Step? {
        guard let first = events.first, let last = events.last else { return nil }
        let current = last.kind == AuthorEvent.deleted ? nil : authors[last.id]
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
    private mutating func findConflicts(_ library: some UndoSource, _ steps: inout [Step]) throws {
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
        var holders = try library.holders(ofKeysOf: steps.compactMap(\.after)).makeIterator()
        for (place, step) in steps.enumerated() {
            guard let after = step.after else { continue }
            let holder = holders.next() ?? nil
            if let other = places[AuthorKey(after)] {
                stop(place, steps[other].id)
                continue
            }
            places[AuthorKey(after)] = place
            if let holder, isMoving[holder] == nil { stop(place, holder) }
        }
        while let place = staying.popLast() {
            guard let before = steps[place].before, let other = places[AuthorKey(before)], other != place else {
                continue
            }
            stop(other, before.id)
        }
        steps.removeAll { isMoving[$0.id] == false }
    }

    // MARK: What is told

    package func report(_ message: String) -> UndoReport {
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
    package var keepsKey: Bool {
        before?.hasKey(of: after) ?? false
    }

    /// Whether the author stays, and gets another name or book.
    fileprivate var isMove: Bool { before != nil && after != nil && !keepsKey }

    /// As ``AuthorEvent`` names the change.
    package var event: String {
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
