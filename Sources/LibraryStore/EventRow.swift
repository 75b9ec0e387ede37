package import Shared

/// One event, good only in the call that gets it.
package struct EventRow {
    package let position: EventPosition
    /// As ``AuthorEvent`` names it.
    package let kind: String
    package let at: Timestamp
    /// As it was after the change, or before its deletion.
    package let author: AuthorRow
    /// As it was before an update; `nil` for other events, and if that was not kept.
    package let before: AuthorRow?
    /// The id of the session or the API key.
    package let session: String?
    /// What the session or the key is called.
    package let client: String?
    /// The id of the import, if it is one.
    package let importID: String?

    package init(
        _ position: EventPosition, _ kind: String, at: Timestamp, author: AuthorRow, before: AuthorRow?,
        session: String?, client: String?, importID: String?
    ) {
        (self.position, self.kind, self.at) = (position, kind, at)
        (self.author, self.before) = (author, before)
        (self.session, self.client, self.importID) = (session, client, importID)
    }
}

/// A part of an owner's events.
package struct EventPage: Sendable {
    package static let limit = 500

    /// The position of the last event.
    package fileprivate(set) var position: EventPosition
    fileprivate var count = 0
    /// Whether events before ``position`` are no longer kept, so that the list must be read again.
    package fileprivate(set) var isReset = false

    /// Whether there may be more.
    package var isFull: Bool { count == Self.limit }
}

/// The rows of such a part.
package struct EventRows {
    private let start: EventPosition
    private let isGone: Bool
    private let last: () throws -> EventPosition
    private let rows: (_ take: (EventRow) -> Bool) throws -> Void

    /// - Parameters:
    ///   - isGone: whether the library lacks the event `start`, or may lack it, because it goes on from an earlier
    ///     state.
    ///   - last: the owner's last event.
    ///   - rows: calls its argument with each event after `start`, at most ``EventPage/limit``, until it returns
    ///     `false`.
    package init(
        after start: EventPosition, isGone: Bool = false, last: @escaping () throws -> EventPosition,
        _ rows: @escaping (_ take: (EventRow) -> Bool) throws -> Void
    ) {
        self.start = start
        self.isGone = isGone
        self.last = last
        self.rows = rows
    }

    /// Calls `body` with each event, the oldest first.
    package func forEach(_ body: (EventRow) -> Void) throws -> EventPage {
        guard !isGone else { return EventPage(position: try last(), isReset: true) }
        var page = EventPage(position: start)
        try rows { event in
            guard event.position.sequence == page.position.sequence + 1 else {
                page.isReset = true
                return false
            }
            body(event)
            page.position = event.position
            page.count += 1
            return true
        }
        guard page.isReset else { return page }
        return EventPage(position: try last(), isReset: true)
    }
}

/// Events of an owner, the newest first: one page of them.
package struct ChangeRows {
    package let limit: Int
    private let rows: (_ take: (EventRow) -> Bool) throws -> Void

    /// - Parameter rows: calls its argument with each event, of which there may be more than the limit, until it
    ///   returns `false`.
    package init(limit: Int, _ rows: @escaping (_ take: (EventRow) -> Bool) throws -> Void) {
        self.limit = limit
        self.rows = rows
    }

    /// Calls `body` with each event.
    /// - Returns: the event before which the next page begins, if there is one.
    package func forEach(_ body: (EventRow) -> Void) throws -> EventPosition? {
        var count = 0
        var last: EventPosition?
        var next: EventPosition?
        try rows { event in
            // The event after the page only tells that there is another page.
            guard count < limit else {
                next = last
                return false
            }
            body(event)
            count += 1
            last = event.position
            return true
        }
        return next
    }
}
