import LibraryPostgres
import Shared
import Testing

@testable import LibraryStore

/// The import from the tutorial, on both engines.
@Suite(.serialized) struct FlaskImportTests {
    private let start = AccountLibrary.start

    private static func user(_ number: Int, _ name: String?, hash: String? = "$w$", admin: Bool = false) -> ImportedUser
    {
        ImportedUser(
            old: .init(id: "\(number)", publicID: "public \(number)", name: name, password: nil, admin: admin),
            passwordHash: hash)
    }

    private static func author(
        _ number: Int, _ owner: Int?, _ name: String = "A", _ book: String = "B"
    ) -> FlaskLibrary.Author {
        .init(
            id: "\(number)", owner: owner.map { "\($0)" },
            draft: AuthorDraft(name: name, book: book, country: "C", bookerPrize: true))
    }

    private static let users = [
        user(1, "taken"), user(2, "Jo Doe"), user(3, "JO_DOE"), user(4, ""), user(5, "_é\u{1B}[31m"),
        user(6, "six", hash: nil), user(7, "seven", hash: nil, admin: true), user(8, nil), user(9, "a\0b", admin: true),
    ]
    private static let authors = [
        author(1, 1), author(2, 2), author(3, 2, ""), author(4, 99), author(5, nil), author(6, 3, "1984"),
        author(7, 2), author(8, 3, " A\u{301} "), author(9, 4), author(10, 2, "A", "C"),
    ]

    private func lines(_ report: FlaskImportReport) -> [String] {
        report.rows.map { "\($0.table) \($0.id) \($0.outcome) \($0.note)" }
    }

    @Test(arguments: Engine.allCases)
    func whatCanBeCarriedOverIs(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        try await library.add("Taken")
        let trial = try await store.importFlask(Self.users, Self.authors, owner: nil, dryRun: true, at: start)
        #expect(try await store.users().map(\.name) == ["Taken"])
        #expect(try await library.noted().count == 1)
        let report = try await store.importFlask(Self.users, Self.authors, owner: nil, dryRun: false, at: start)
        #expect(report.rows == trial.rows)
        let unreadable = "disabled: its password hash cannot be read"
        #expect(
            lines(report) == [
                "user 1 imported as taken-2", "user 2 imported as Jo_Doe", "user 3 imported as JO_DOE-2",
                "user 4 skipped it has no name", "user 5 imported as u____31m", "user 6 imported \(unreadable)",
                "user 7 imported an admin, \(unreadable)", "user 8 skipped it has no name",
                "user 9 imported as a_b, an admin", "author 1 imported ", "author 2 imported ",
                "author 3 skipped name must not be empty", "author 4 skipped its owner is not in the library",
                "author 5 skipped it has no owner", "author 6 imported ", "author 7 present ", "author 8 imported ",
                "author 9 skipped its owner is not in the library", "author 10 imported ",
            ])
        let users = try await store.users()
        #expect(users.map(\.name) == ["Taken", "taken-2", "Jo_Doe", "JO_DOE-2", "u____31m", "six", "seven", "a_b"])
        #expect(users.map(\.authors) == [0, 1, 2, 2, 0, 0, 0, 0])
        #expect(users.map(\.admin) == [false, false, false, false, false, false, true, true])
        #expect(users.map(\.disabled) == [false, false, false, false, false, true, true, false])
        #expect(users.dropFirst().map(\.publicID) == [1, 2, 3, 5, 6, 7, 9].map { "public \($0)" })
        #expect(try await store.importedHashes() == Array(repeating: "$w$", count: 5))
        #expect(try await library.noted(after: 1) == ["flask_imported - - 7 users, 5 authors"])

        // Once more: all is there.
        let again = try await store.importFlask(Self.users, Self.authors, owner: nil, dryRun: false, at: start)
        #expect(again.count("user", .present) == 7 && again.count("user", .imported) == 0)
        #expect(again.count("author", .present) == 6 && again.count("author", .imported) == 0)
        #expect(try await store.users() == users)
    }

    @Test(arguments: Engine.allCases)
    func theOwnerOfTheRestIsNamed(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        let (users, authors) = ([Self.user(1, "ada"), Self.user(2, "bob")], [Self.author(1, nil), Self.author(2, 2)])
        let unknown = await failure {
            _ = try await store.importFlask(users, authors, owner: "eve", dryRun: false, at: self.start)
        }
        #expect(unknown == .userNotFound(name: "eve"))
        #expect(try await store.users() == [])
        let report = try await store.importFlask(users, authors, owner: "ADA", dryRun: false, at: start)
        #expect(report.count("author", .imported) == 2)
        #expect(try await store.users().map(\.authors) == [1, 1])
        #expect(try await library.noted() == ["flask_imported ADA - 2 users, 2 authors"])
        // The only user gets what names nobody.
        let more = try await store.importFlask(
            [users[1]], [Self.author(3, nil, "X")], owner: nil, dryRun: false, at: start)
        #expect(more.count("author", .imported) == 1)
        #expect(try await store.users().map(\.authors) == [1, 2])
    }

    /// Two imports at once, and creations beside them, in libraries that all of them change.
    @Test func importsDoNotLockEachOther() async throws {
        let library = try await TestStore()
        let stores = [library.store, try await library.another()]
        defer { stores[1].close() }
        let ids = try await ["a", "b", "c", "d"].asyncMap { try await library.store.add($0).id }
        let old = ["a", "b", "c", "d"].map { name in
            ImportedUser(
                old: .init(
                    id: name, publicID: AccountLibrary.publicID(name), name: name, password: nil, admin: false),
                passwordHash: "")
        }
        for round in 0..<15 {
            let users = old + (1...8).map { Self.user(100 * (round + 1) + $0, "new \(round) \($0)") }
            let authors = (0..<12).map { number in
                FlaskLibrary.Author(
                    id: "\(number)", owner: old[number % 4].old.id,
                    draft: AuthorDraft(name: "A", book: "\(round) \(number / 4)", country: "C"))
            }
            let reports = try await withThrowingTaskGroup(of: FlaskImportReport?.self) { group in
                for (index, store) in stores.enumerated() {
                    let (users, authors) =
                        index == 0 ? (users, authors) : (users.reversed(), authors.reversed())
                    group.addTask {
                        try await store.importFlask(users, authors, owner: nil, dryRun: false, at: library.now())
                    }
                    group.addTask {
                        for owner in ids { try await store.addAuthor("\(round) \(index)", to: owner) }
                        return nil
                    }
                }
                return try await group.reduce(into: [] as [FlaskImportReport]) {
                    if let report = $1 { $0.append(report) }
                }
            }
            #expect(reports.map { $0.count("author", .imported) }.sorted() == [0, 12])
            #expect(reports.map { $0.count("user", .imported) }.sorted() == [0, 8])
        }
        let connection = try library.connect()
        defer { connection.close() }
        // Numbers without gaps.
        let counts = try connection.rows(
            """
            SELECT last || ' ' || count(*) || ' ' || min(sequence) || ' ' || max(sequence)
            FROM event_counter JOIN author_event USING (owner) GROUP BY owner, last
            """
        ) { try $0.text(0) }
        #expect(counts == Array(repeating: "75 75 1 75", count: 4))
        connection.close()
        #expect(try await library.deadlocks(stores) == 0)
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
