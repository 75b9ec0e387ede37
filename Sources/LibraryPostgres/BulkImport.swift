import LibraryStore
import Shared

/// Stores the lines of a file in one transaction, many at once.
final class BulkImport {
    /// When the events of authors who are created are inserted.
    enum Events {
        case atOnce
        /// By ``insertEvents(newest:)``, after all lines.
        case atLast
    }

    private let change: LibraryChange
    private let origin: ImportOrigin
    private let options: BulkOptions
    private let events: Events
    private let now: Timestamp
    /// The number of the import: one that changes nothing has none.
    private lazy var originNumber = Result { try PostgresStore.number(change, of: origin) }
    /// The id of the first author that has no event yet.
    private var firstWithoutEvent: Int64?
    private(set) var hasChanged = false
    /// Whether the transaction will be rolled back. Then only that is stored which later lines may meet.
    var isTrial = false

    init(
        _ change: LibraryChange, from origin: ImportOrigin, options: BulkOptions, _ events: Events, at now: Timestamp
    ) {
        (self.change, self.origin, self.options, self.events, self.now) = (change, origin, options, events, now)
    }

    /// - Parameter lines: at most ``AuthorWrites/part``.
    /// - Returns: what becomes of each line.
    func store(_ lines: [AuthorLines.Line]) throws -> [BulkResult] {
        var work = BulkWork(try NamedAuthors(lines, change, options: options, at: now), options: options)
        let results = try lines.map { try work.store($0) }
        let authors = work.target
        guard !authors.events.isEmpty else { return results }
        hasChanged = true
        let number = try isTrial ? nil : originNumber.get()
        _ = change.nextEvents(authors.events.count)
        // An author that is updated may have been created before; that event comes first.
        if authors.hasUpdates {
            try insertEvents()
        }
        var writes = AuthorWrites(change)
        for author in authors.changed {
            if author.isNew {
                writes.insert(author.author, event: author.event, isFound: !isTrial)
            } else {
                writes.update(author.author, event: author.event, isFound: !isTrial)
            }
        }
        let recorded = isTrial ? 0 : events == .atOnce ? authors.events.count : authors.countThroughLastUpdate
        for event in authors.events.prefix(recorded) {
            writes.record(
                event.kind, of: event.id, number: event.number, after: event.previous, next: event.next, event.before,
                from: number, at: now)
        }
        if !isTrial { for link in authors.links { writes.link(link.event, to: link.next) } }
        firstWithoutEvent = firstWithoutEvent ?? authors.events.dropFirst(recorded).first?.id
        try writes.send()
        return results
    }

    /// Inserts the events of authors who were created and have none yet.
    /// - Parameter newest: how many are inserted at most; earlier ones would not be kept.
    func insertEvents(newest: Int64 = .max) throws {
        guard let first = firstWithoutEvent, !isTrial else { return }
        firstWithoutEvent = nil
        var last: Int64? = first - 1
        while let id = last {
            last = nil
            try change.connection.run(
                Self.insertCreations,
                [
                    .integer(change.owner), .integer(id), .integer(now.milliseconds), Value(try originNumber.get()),
                    .integer(change.write),
                    .integer(change.lastEvent.subtractingReportingOverflow(newest).partialValue),
                ]
            ) { last = try $0.integerIfAny(0) }
        }
    }

    /// The owner's highest ids are those of the transaction, which has the owner's lock.
    private static let insertCreations = Statement(
        """
        WITH told AS (
            INSERT INTO author_event (owner, sequence, kind, at, id, origin, write)
            SELECT owner, event, '\(AuthorEvent.created)', $3::bigint, id, $4::bigint, $5::bigint FROM author
            WHERE owner = $1 AND id > $2 AND event > $6 ORDER BY id LIMIT 4096
            RETURNING id
        )
        SELECT max(id) FROM told
        """)
}
