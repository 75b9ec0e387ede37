import LibraryStore
import Shared

/// The authors whom the lines of a batch name: as the library has them, then as the lines make them. Nothing is
/// written.
struct NamedAuthors: BulkTarget {
    struct Named {
        let id: Int64
        /// As it is now. `nil` if it is not there, or if it cannot be changed.
        fileprivate(set) var author: Author?
        fileprivate var isThere: Bool
        /// The number of its last event.
        fileprivate(set) var event: Int64
        /// Where in ``events`` that is.
        fileprivate var place: Int?
        fileprivate var isNew = false
    }

    struct Event {
        let kind: String
        let id: Int64
        let number: Int64
        let previous: Int64?
        fileprivate(set) var next: Int64?
        /// The author as it was before.
        let before: Author?
    }

    private let now: Timestamp
    /// The number of the first event.
    private let first: Int64
    private var authors: [AuthorKey: Named] = [:]
    /// Those that are created or updated, in this order.
    private var keys: [AuthorKey] = []
    /// In the order of their numbers, which follow the owner's last event.
    private(set) var events: [Event] = []
    /// Events that were stored before, and which ones follow.
    private(set) var links: [(event: Int64, next: Int64)] = []
    /// How many events there are with those after which only creations come.
    var countThroughLastUpdate: Int { (events.lastIndex { $0.kind == AuthorEvent.updated } ?? -1) + 1 }
    var hasUpdates: Bool { countThroughLastUpdate > 0 }

    /// Looks for all of them in one statement, which also gives ids to those that can be created.
    init(_ lines: [AuthorLines.Line], _ change: LibraryChange, options: BulkOptions, at now: Timestamp) throws {
        self.now = now
        first = change.lastEvent + 1
        // In the order in which they are created, which is that of the ids.
        var complete: [(key: AuthorKey, values: AuthorValues)] = []
        var (keys, others): (Set<AuthorKey>, [AuthorKey: AuthorValues]) = ([], [:])
        for line in lines {
            guard case .success(let values) = line.entry else { continue }
            let key = AuthorKey(values)
            if (try? values.draft(country: options.defaultCountry)) == nil {
                others[key] = values
            } else if keys.insert(key).inserted {
                complete.append((key, values))
            }
        }
        let named = complete + others.filter { !keys.contains($0.key) }.map { ($0.key, $0.value) }
        guard !named.isEmpty else { return }
        func texts(_ field: AuthorField) -> Value { .texts(named.map { $0.values[text: field] ?? "" }) }
        let areComplete = named.indices.map { $0 < complete.count }
        var found = named.makeIterator()
        let values: [Value] = [.integer(change.owner), texts(.name), texts(.book), .flags(areComplete)]
        try change.connection.runPlanned(Self.selectAuthors, values) { row in
            guard let key = found.next()?.key, try !row.isNull(0) else { return }
            let isThere = try !row.isNull(1)
            let author = isThere && options.onConflict == .update ? try Author(row, from: 1) : nil
            authors[key] = Named(
                id: try row.integer(0), author: author, isThere: isThere,
                event: isThere ? try row.integer(1 + AuthorField.all.count) : 0)
        }
    }

    /// Those that are created or updated, as they are at last.
    var changed: [(author: Author, event: Int64, isNew: Bool)] {
        keys.compactMap { key in
            authors[key].flatMap { named in named.author.map { ($0, named.event, named.isNew) } }
        }
    }

    func existing(_ values: AuthorValues) -> Int64? {
        authors[AuthorKey(values)].flatMap { $0.isThere ? $0.id : nil }
    }

    mutating func create(_ draft: AuthorDraft) throws -> Int64 {
        let key = AuthorKey(draft.values)
        guard var named = authors[key] else { throw StoreError.damaged("no id was given to an author") }
        guard !named.isThere else { throw StoreError.authorExists(id: named.id) }
        keys.append(key)
        named.author = Author(id: named.id, draft, createdAt: now, updatedAt: now, version: 1)
        (named.isThere, named.isNew) = (true, true)
        record(AuthorEvent.created, &named, after: nil, nil)
        authors[key] = named
        return named.id
    }

    mutating func update(_ id: Int64, _ entry: AuthorValues) throws -> Bool {
        let key = AuthorKey(entry)
        guard var named = authors[key], let before = named.author else { throw StoreError.authorNotFound }
        guard let after = before.changed(by: AuthorPatch(entry), at: now) else { return false }
        if named.place == nil { keys.append(key) }
        named.author = after
        record(AuthorEvent.updated, &named, after: named.event, before)
        authors[key] = named
        return true
    }

    private mutating func record(_ kind: String, _ named: inout Named, after previous: Int64?, _ before: Author?) {
        let number = first + Int64(events.count)
        if let place = named.place {
            events[place].next = number
        } else if let previous, previous > 0 {
            links.append((previous, number))
        }
        (named.event, named.place) = (number, events.count)
        events.append(Event(kind: kind, id: named.id, number: number, previous: previous, before: before))
    }

    /// For each key, in their order: the id, or one of its own if there is no author and one can be made, and the
    /// author. With the `OFFSET`, the server looks for each by itself.
    static let selectAuthors: Statement = {
        let columns = (AuthorField.all.map(\.name) + ["event"]).map { "found.\($0)" }.joined(separator: ", ")
        return Statement(
            """
            SELECT coalesce(found.id, CASE WHEN key.is_complete THEN nextval('author_id_seq') END), \(columns)
            FROM unnest($2::text[], $3::text[], $4::boolean[]) WITH ORDINALITY AS key (name, book, is_complete, place)
                LEFT JOIN LATERAL (
                    SELECT * FROM author WHERE owner = $1 AND name = key.name AND book = key.book OFFSET 0
                ) AS found ON true
            ORDER BY key.place
            """)
    }()
}
