import LibraryStore
import Shared
import Synchronization

/// The statement behind a list.
struct PostgresListStatement: Sendable {
    /// What the text of a statement depends on.
    struct Shape: Hashable {
        var filters: [AuthorField] = []
        var hasSearch = false
        /// Whether the page begins after an author.
        var hasStart = false
        /// Whether the list is of an earlier state.
        var isPast = false
        let sort: AuthorSort

        /// The parameters are in the order of ``PostgresListStatement/values``.
        fileprivate var sql: String {
            var number = 0
            func parameter() -> String {
                number += 1
                return "$\(number)"
            }
            // What a search finds is sorted: walking an index until a page is full takes seconds if few match. A
            // subquery with an OFFSET is planned by itself, and without a condition on the owner, whose words it finds
            // anyway, no other index is in question.
            let search = hasSearch ? "WHERE words @@ \(parameter())::text::tsquery " : ""
            let source = hasSearch ? "(SELECT * FROM author \(search)OFFSET 0) AS found" : "author"
            var conditions = ["owner = \(parameter())"]
            if isPast { conditions.append("event <= \(parameter())") }
            conditions += filters.map { $0.condition(parameter) }
            let columns = sort.columns + ["id"]
            if hasStart {
                let places = columns.map { _ in parameter() }.joined(separator: ", ")
                conditions.append(
                    "(\(columns.joined(separator: ", "))) \(sort.descending ? "<" : ">") (\(places))")
            }
            let order = columns.map { $0 + (sort.descending ? " DESC" : "") }.joined(separator: ", ")
            return """
                SELECT \(AuthorRow.columns) FROM \(source)
                WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order) LIMIT \(parameter())
                """
        }
    }

    /// No more than there are shapes.
    private static let statements = Mutex<[Shape: Statement]>([:])

    let query: AuthorQuery
    /// As ``Cursor/event``.
    let event: EventPosition?
    /// Where the page begins.
    let start: Cursor?
    /// The words that are searched for; `nil` if there is no search.
    let phrases: [[Substring]]?
    let shape: Shape
    let values: [Value]
    /// Whether no author can match. A text with NUL is none that is stored, and the server takes none.
    let matchesNothing: Bool

    /// - Parameter event: the event after which the library is shown; `nil` for now.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    init(_ query: AuthorQuery, owner: Int64, after event: EventPosition? = nil) throws(InvalidFields) {
        self.query = query
        self.event = event
        start = try query.start(isPast: event != nil)
        phrases = query.search.map(Search.phrases)
        let search = phrases.map { Words.query($0, owner: owner) }
        var shape = Shape(sort: query.sort)
        (shape.hasSearch, shape.hasStart, shape.isPast) = (search != nil, start != nil, event != nil)
        shape.filters = query.filters
        self.shape = shape
        var values: [Value] = []
        if let search { values.append(.text(search ?? "")) }
        values.append(.integer(owner))
        if let event { values.append(.integer(event.sequence)) }
        values += query.filterValues
        if let start { values += start.columns.map { Value($0) } + [.integer(start.id)] }
        values.append(.integer(Int64(query.limit) + 1))
        self.values = values
        matchesNothing =
            search.map { $0 == nil } ?? false
            || values.contains { if case .text(let text) = $0 { text.utf8.contains(0) } else { false } }
    }

    var statement: Statement {
        Self.statements.withLock { statements in
            if let known = statements[shape] { return known }
            let statement = Statement(shape.sql)
            statements[shape] = statement
            return statement
        }
    }
}

extension AuthorField {
    /// The condition of a filter. The key of a text leads to the rows by an index.
    fileprivate func condition(_ parameter: () -> String) -> String {
        (kind == .text ? "\(keyColumn) = \(parameter()) AND " : "") + "\(name) = \(parameter())"
    }
}

extension AuthorQuery {
    /// The fields that must have a value.
    var filters: [AuthorField] { values.isEmpty ? [] : AuthorField.filterable.filter(values.has) }

    /// The values of the parameters of these fields' conditions.
    fileprivate var filterValues: [Value] {
        filters.flatMap { field -> [Value] in
            if let text = values[text: field] { return [.text(Folding.key(text)), .text(text)] }
            return [.flag(values[flag: field] ?? false)]
        }
    }
}

extension Value {
    init(_ value: ColumnValue) {
        switch value {
        case .integer(let integer): self = .integer(integer)
        case .text(let text): self = .text(text)
        case .null: self = .null
        }
    }
}
