import Testing

@testable import LibraryPostgres
@testable import LibraryStore
@testable import Shared

/// How the server reads lists and histories of two large libraries, beside which there are many small ones.
@Suite(.serialized) struct PlanTests {
    private static let size: Int64 = 100_000

    /// The URL of the database.
    private static let url = Task { try await filled() }

    /// What the server knows of the tables when it plans.
    enum Statistics: CaseIterable {
        case current
        /// As just after a large import.
        case none
        /// From when each owner had few authors.
        case old

        /// The change of the catalog, which is rolled back.
        fileprivate var statements: [Statement] {
            switch self {
            case .current: []
            case .none:
                [
                    "DELETE FROM pg_statistic WHERE starelid IN ('author'::regclass, 'author_event'::regclass)",
                    """
                    UPDATE pg_class SET reltuples = -1, relpages = 0
                    WHERE oid IN ('author'::regclass, 'author_event'::regclass)
                    """,
                ]
            case .old:
                [
                    """
                    UPDATE pg_statistic SET stadistinct = -1, stakind1 = 0, stakind2 = 0, stakind3 = 0
                    WHERE starelid IN ('author'::regclass, 'author_event'::regclass) AND staattnum = 1
                    """
                ]
            }
        }
    }

    private static func filled() async throws -> String {
        let library = try await TestStore()
        let connection = try library.connect()
        try connection.run("SET statement_timeout = 0")
        for statement in [
            """
            INSERT INTO "user" (id, public_id, name, password_hash, created_at, updated_at)
            SELECT i, 'p' || i, 'user' || i, '', 1, 1 FROM generate_series(1, 1002) i
            """,
            #"INSERT INTO event_counter (owner, last) SELECT id, 100000 FROM "user""#,
            """
            INSERT INTO author (owner, id, name, book, country, booker_prize, created_at, updated_at, version, event,
                name_key, book_key, country_key, words)
            SELECT owner, i, name, book, country, i % 3 = 0, i, i + 1000 * (i % 7), 1, i / 2, lower(name), lower(book),
                lower(country), format(
                    '''%1$s/ann%2$s'':1 ''%1$s/author'':2 ''%1$s:book'':1 ''%1$s:w%3$s'':2', owner, i % 20000, i
                )::tsvector
            FROM (
                SELECT i, 1 + i % 2 AS owner, 'Ann' || i % 20000 || ' Author' AS name, 'Book W' || i AS book,
                    'Country ' || i / 2 % 150 AS country
                FROM generate_series(2, \(2 * size) + 1) i
                UNION ALL
                SELECT i, 3 + i % 1000, 'Ann ' || i, 'Book', 'Country' FROM generate_series(300001, 310000) i
            ) AS new
            """,
            """
            INSERT INTO author_event (owner, sequence, kind, at, id, write)
            SELECT owner, event, 'created', created_at, id, 1 FROM author WHERE owner < 3
            """,
            "ANALYZE",
        ] {
            try connection.run(Statement(statement), within: .seconds(60))
        }
        return library.url
    }

    /// What the server does for a statement, with the numbers of rows.
    private func plan(
        _ statement: Statement, _ values: [Value], _ statistics: Statistics, isIndexed: Bool
    ) async throws -> [String] {
        let host = try #require(try DatabaseURL(await Self.url.value).hosts.first)
        let connection = try Connection(host, settings: isIndexed ? SessionSettings.ofIndexedReads : [])
        defer { connection.close() }
        try connection.run(.begin)
        for statement in statistics.statements { try connection.run(statement) }
        try connection.run(Statement("PREPARE plan AS \(statement.text)"))
        let literals = values.map { value in
            switch value {
            case .integer(let integer): "\(integer)"
            case .flag(let flag): "\(flag)"
            case .text(let text): "'\(text.replacing("'", with: "''"))'"
            default: "NULL"
            }
        }
        let explain = "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) EXECUTE plan(\(literals.joined(separator: ", ")))"
        return try connection.rows(Statement(explain)) { try $0.text(0) }
    }

    /// The most rows that a step has read or dropped.
    private func rows(_ plan: [String]) -> Int {
        plan.compactMap { line in
            for prefix in ["actual rows=", "Rows Removed by Filter: "] {
                guard let range = line.firstRange(of: prefix) else { continue }
                return Int(line[range.upperBound...].prefix { $0.isNumber })
            }
            return nil
        }.max() ?? 0
    }

    private static let orders: [(AuthorSort, index: String)] = [
        (AuthorSort(), "author_pkey"), (AuthorSort(.name), "author_name"), (AuthorSort(.book), "author_book"),
        (AuthorSort(.country), "author_country"), (AuthorSort(.createdAt), "author_created_at"),
        (AuthorSort(.updatedAt), "author_updated_at"), (AuthorSort(.name, bytewise: true), "author_key"),
    ]

    /// Each page reads the rows that it shows, and those that have the key of one of them.
    @Test(arguments: orders, [false, true]) func anOrderIsThatOfAnIndex(
        order: (AuthorSort, index: String), descending: Bool
    ) async throws {
        var sort = order.0
        sort.descending = descending
        let texts: [AuthorField: String] = [.name: "Ann8 Author", .book: "Book W77778", .country: "Country 77"]
        let values = sort.fields.map { texts[$0].map { .text($0) } ?? ColumnValue.integer(77_778) }
        let middle = Cursor(sort: sort, id: 77_778, values: values).text
        for statistics in Statistics.allCases {
            for owner in [1, 2, 3] as [Int64] {
                for after in [nil, middle] {
                    let statement = try PostgresListStatement(AuthorQuery(sort, limit: 20, after: after), owner: owner)
                    let plan = try await plan(statement.statement, statement.values, statistics, isIndexed: true)
                    #expect(plan.contains { $0.contains("using \(order.index) on author") }, "\(plan)")
                    #expect(!plan.contains { $0.contains("->  Sort ") }, "\(plan)")
                    // 10 authors have one name.
                    #expect(rows(plan) <= 60, "\(plan)")
                }
            }
        }
    }

    @Test(arguments: [
        ("name=Ann8+Author", ["author_name", "author_key"], 100), ("book=Book+W77778", ["author_book"], 100),
        ("country=Country+77", ["author_country"], 1000),
        ("name=Ann8+Author&book=Book+W8", ["author_key", "author_book"], 20),
        ("country=Country+77&sort=created_at", ["author_country"], 1000),
        ("country=Country+77&sort=book:bytes", ["author_country"], 1000),
        ("name=Nobody&sort=country", ["author_name", "author_key"], 10),
        ("country=Nowhere&booker_prize=true&sort=name", ["author_country"], 10),
    ])
    func aFilterLeadsToItsRows(query: String, indexes: [String], most: Int) async throws {
        var query = try AuthorQuery(items: try #require(QueryItem.parse(query)))
        query.limit = 20
        let statement = try PostgresListStatement(query, owner: 1)
        let plan = try await plan(statement.statement, statement.values, .current, isIndexed: false)
        #expect(plan.contains { line in indexes.contains { line.contains($0) } }, "\(plan)")
        #expect(rows(plan) <= most, "\(plan)")
        let isEmpty = query.items.contains { $0.value.hasPrefix("No") }
        #expect(plan.first?.contains("(actual rows=0 ") == isEmpty, "\(plan)")
    }

    /// What a search finds is looked up by its words, in any order.
    @Test(arguments: ["w77778", "ann8 auth", "ann8-auth", "nobody", "w", "ann8 w7"], AuthorSort.every)
    func aSearchWalksNoIndex(
        search: String, sort: AuthorSort
    ) async throws {
        for statistics in Statistics.allCases {
            let statement = try PostgresListStatement(AuthorQuery(sort, limit: 20, search: search), owner: 1)
            let plan = try await plan(statement.statement, statement.values, statistics, isIndexed: false)
            #expect(plan.contains { $0.contains("Bitmap Index Scan on author_words") }, "\(plan)")
            #expect(plan.count { $0.contains("Scan on author") || $0.contains("using author") } == 2, "\(plan)")
            if search.contains("7777") { #expect(rows(plan) == 1, "\(plan)") }
        }
    }

    /// Events, and what belongs to each of them, are looked up by their numbers.
    @Test func aHistoryReadsItsEvents() async throws {
        for statistics in Statistics.allCases {
            let statements = PostgresStore.historyStatements
            #expect(statements.count == 10)
            for (statement, values, most) in statements {
                let plan = try await plan(statement, values, statistics, isIndexed: true)
                #expect(!plan.contains { $0.contains("Seq Scan") && !$0.contains("on library") }, "\(plan)")
                #expect(!plan.contains { $0.contains("Hash") || $0.contains("Merge") }, "\(plan)")
                #expect(rows(plan) <= most, "\(statement.text): \(plan)")
            }
        }
    }
}

extension PostgresStore {
    /// Each statement of a history, with values for user 1, and how many rows it may look at.
    fileprivate static var historyStatements: [(Statement, [Value], Int)] {
        [
            (selectLast, [.integer(1)], 1), (selectStart, [.integer(1)], 1),
            (selectEvents, [.integer(1), .integer(77_778)], 500),
            (selectChanges, [.integer(1), .integer(0), .integer(.max), .integer(101)], 101),
            (selectChanges, [.integer(1), .integer(500), .integer(40_000), .integer(101)], 101),
            (selectHistory, [.integer(1), .integer(77_778), .integer(0), .integer(101)], 1),
            (selectLastOfAuthor, [.integer(1), .integer(77_778)], 1),
            (selectLastOfAuthor, [.integer(1), .integer(999_999)], 1),
            (selectPrevious, [.integer(1), .integer(77_778), .integer(1)], 1),
            (selectAtTime, [.integer(1), .integer(199_990)], 20),
        ]
    }
}
