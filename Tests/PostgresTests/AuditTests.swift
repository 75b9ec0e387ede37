import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// The audit, on both engines.
@Suite(.serialized) struct AuditTests {
    private let start = AccountLibrary.start

    @Test(arguments: Engine.allCases)
    func entriesAreReadInTheirOrder(engine: Engine) async throws {
        let library = try await AccountLibrary(engine)
        let store = library.store
        try await store.note(
            .loginFailed, user: "Ada", by: Initiator(nil, from: "192.0.2.1"), "credentials_wrong", at: start)
        try await store.note(
            .authorsImported, user: "bob", by: Initiator("bob", from: nil), "3 authors", at: start.adding(seconds: 2))
        try await store.note(
            .promoted, user: "bob", by: Initiator("ada", from: "unix"), "", at: start.adding(seconds: 1))
        try await store.note(.signingKeyRotated, user: nil, by: .operator, "é 'x'", at: start.adding(seconds: 3))
        func texts(_ last: Int64 = 0, _ since: Int64? = nil, _ user: String? = nil) async throws -> [String] {
            try await store.audit(after: last, since: since.map { start.adding(seconds: $0) }, user: user).map {
                "\($0.id) \(($0.at.milliseconds - start.milliseconds) / 1000) \($0.event) \($0.user ?? "-") "
                    + "\($0.actor ?? "-") \($0.address ?? "-") \($0.detail)"
            }
        }
        let all = [
            "1 0 login_failed Ada - 192.0.2.1 credentials_wrong", "2 2 authors_imported bob bob - 3 authors",
            "3 1 promoted bob ada unix ", "4 3 signing_key_rotated - - operator é 'x'",
        ]
        #expect(try await texts() == all)
        #expect(try await texts(2) == Array(all[2...]))
        #expect(try await texts(4) == [])
        #expect(try await texts(0, 2) == [all[1], all[3]])
        #expect(try await texts(0, nil, "ADA") == [all[0], all[2]])
        #expect(try await texts(1, 1, "ada") == [all[2]])
        for name in ["eve", "", "%"] { #expect(try await texts(0, nil, name) == []) }
        if engine == .postgres { #expect(try await texts(0, nil, "ada\0") == []) }
    }

    /// Each part has a bound of its own.
    @Test func oldEntriesAreDeleted() async throws {
        let library = try await TestStore()
        let connection = try library.connect()
        defer { connection.close() }
        try connection.run(
            """
            INSERT INTO audit (part, number, at, event, detail)
            SELECT part, n, 1, 'login', '' FROM generate_series(1, $1::bigint) AS n, (VALUES (0), (1)) AS parts (part)
            """, [.integer(AuditEvent.entriesOfPart)])
        for _ in 0..<3 {
            try await library.store.note(.loginFailed, user: nil, by: .operator, "", at: library.now())
        }
        let range: Statement = "SELECT min(number) || ' ' || max(number) || ' ' || count(*) FROM audit WHERE part = $1"
        #expect(try connection.text(range, [.integer(1)]) == "4 50003 50000")
        #expect(try connection.text(range, [.integer(0)]) == "1 50000 50000")
        #expect(try await library.store.audit(after: 0, since: nil, user: nil).count == AuditPage.limit)
    }

    /// Who reads on after the last id misses none, whichever daemon wrote it, and no number is given twice.
    @Test func idsAreCommittedInTheirOrder() async throws {
        let library = try await TestStore()
        let stores = [library.store, try await library.another()]
        defer { stores[1].close() }
        let writers = Task {
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        for _ in 0..<25 {
                            let event = number.isMultiple(of: 4) ? AuditEvent.loginFailed : .logout
                            try await stores[number % 2].note(event, user: nil, by: .operator, "", at: library.now())
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        var read: [Int64] = []
        try await waitUntil("all entries") {
            read += try await library.store.audit(after: read.last ?? 0, since: nil, user: nil).map(\.id)
            return read.count == 200
        }
        try await writers.value
        let all = try await library.store.audit(after: 0, since: nil, user: nil).map(\.id)
        #expect(read == all && all == Array(1...200))
        let connection = try library.connect()
        defer { connection.close() }
        #expect(
            try connection.rows(
                "SELECT part || ' ' || max(number) || ' ' || count(*) FROM audit GROUP BY part ORDER BY part"
            ) {
                try $0.text(0)
            } == ["0 150 150", "1 50 50"])
    }
}
