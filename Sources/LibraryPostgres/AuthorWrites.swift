import LibraryStore
import Shared

/// Changes of one owner's authors that go to the server together. They leave the rows that single changes leave.
struct AuthorWrites {
    private var inserted: [[Value]] = []
    private var updated: [[Value]] = []
    private var events: [[Value]] = []
    private var links: [[Value]] = []
    private let change: LibraryChange

    /// How many authors go to the server at once.
    static let part = 512

    init(_ change: LibraryChange) {
        self.change = change
    }

    /// Inserts an author as it is.
    /// - Parameters:
    ///   - event: the number of its last event.
    ///   - isFound: whether a search finds it.
    mutating func insert(_ author: Author, event: Int64, isFound: Bool = true) {
        inserted.append(row(author, event, isFound: isFound))
    }

    /// Changes an author's row to what it is now. It has the name and the book that it had.
    mutating func update(_ author: Author, event: Int64, isFound: Bool = true) {
        updated.append(row(author, event, isFound: isFound))
    }

    private func row(_ author: Author, _ event: Int64, isFound: Bool) -> [Value] {
        var values = PostgresStore.values(of: author.draft, owner: change.owner)
        if !isFound { values[values.count - 1] = .text("") }
        return [.integer(author.id)] + values + [
            .integer(author.createdAt.milliseconds), .integer(author.updatedAt.milliseconds), .integer(author.version),
            .integer(event),
        ]
    }

    /// Inserts an event.
    /// - Parameters:
    ///   - previous: the number of the author's event before it, `nil` for its first one, 0 if it is not known.
    ///   - next: that of the one after it.
    ///   - before: the author as it was, of an update and of a deletion.
    mutating func record(
        _ kind: String, of author: Int64, number: Int64, after previous: Int64?, next: Int64? = nil, _ before: Author?,
        from origin: Int64?, at now: Timestamp
    ) {
        let values: [Value] = [
            .integer(number), .text(kind), .integer(now.milliseconds), .integer(author), Value(origin), Value(previous),
            Value(next),
        ]
        events.append(values + Author.copy(of: before))
    }

    /// Tells an event that was stored before which event of its author follows.
    mutating func link(_ event: Int64, to next: Int64) { links.append([.integer(event), .integer(next)]) }

    /// Sends all of it in one round trip.
    mutating func send() throws {
        let owner = Value.integer(change.owner)
        var requests: [Request] = []
        if !inserted.isEmpty { requests.append(Request(Self.insertAuthors, [owner] + Self.author.arrays(inserted))) }
        if !events.isEmpty {
            requests.append(
                Request(Self.insertEvents, [owner, .integer(change.write)] + Self.event.arrays(events)))
        }
        var joins: [Request] = []
        if !updated.isEmpty { joins.append(Request(Self.updateAuthors, [owner] + Self.author.arrays(updated))) }
        if !links.isEmpty { joins.append(Request(Self.linkEvents, [owner] + Self.link.arrays(links))) }
        if !joins.isEmpty {
            try change.connection.pipelinePlanned(joins, after: requests)
        } else if !requests.isEmpty {
            try change.connection.pipeline(requests)
        }
        (inserted, updated, events, links) = ([], [], [], [])
    }

    // MARK: Statements

    private static let drafted: [BatchColumns.Column] =
        AuthorField.writable.map { .init($0.name, $0.kind == .flag ? .flag : .text) }
        + AuthorField.texts.map { .init($0.keyColumn, .text) } + [.init("words", .words)]
    private static let author = BatchColumns(
        [.init("id")] + drafted + [.init("created_at"), .init("updated_at"), .init("version"), .init("event")])
    private static let event = BatchColumns(
        [
            .init("sequence"), .init("kind", .text), .init("at"), .init("id"), .init("origin"), .init("previous"),
            .init("next"),
        ]
            + drafted.prefix(AuthorField.writable.count)
            + [.init("created_at"), .init("updated_at"), .init("version")])
    private static let link = BatchColumns([.init("sequence"), .init("next")])

    private static let insertAuthors = Statement(
        "INSERT INTO author (owner, \(author.names)) SELECT $1, \(author.values) FROM \(author.rows(from: 2))")
    private static let updateAuthors = Statement(
        """
        UPDATE author SET (\(author.names)) = ROW (\(author.values)) FROM \(author.rows(from: 2))
        WHERE author.owner = $1 AND author.id = new.id
        """)
    private static let insertEvents = Statement(
        """
        INSERT INTO author_event (owner, write, \(event.names))
        SELECT $1, $2::bigint, \(event.values) FROM \(event.rows(from: 3))
        """)
    private static let linkEvents = Statement(
        """
        UPDATE author_event SET next = new.next FROM \(link.rows(from: 2))
        WHERE author_event.owner = $1 AND author_event.sequence = new.sequence
        """)
}
