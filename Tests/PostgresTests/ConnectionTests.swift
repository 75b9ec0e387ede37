import Foundation
import TestSupport
import Testing

@testable import LibraryPostgres

struct ConnectionTests {
    @Test func settingsOfTheRoleAreOverruled() async throws {
        let server = try await PostgresServer.shared.value
        let connection = try server.connect()
        try connection.run("CREATE ROLE careless LOGIN")
        for setting in [
            "synchronous_commit = off", "bytea_output = escape", "jit = on", "statement_timeout = 0",
            "client_encoding = LATIN1", "default_transaction_isolation = serializable",
        ] {
            try connection.run(Statement("ALTER ROLE careless SET \(setting)"))
        }
        let careless = try server.connect("user=careless")
        for (name, value) in SessionSettings.all {
            #expect(try careless.text("SELECT current_setting($1)", [.text(name)]) == value)
        }
        try connection.run("ALTER ROLE careless SET synchronous_commit = remote_apply")
        #expect(try server.connect("user=careless").text("SHOW synchronous_commit") == "remote_apply")
    }

    @Test func aSettingThatIsNotKeptIsRefused() {
        let values = SessionSettings.all.map(\.1)
        #expect(throws: Never.self) { try SessionSettings.check { values[$0] } }
        for index in values.indices {
            #expect(throws: PostgresError.self) { try SessionSettings.check { $0 == index ? "else" : values[$0] } }
        }
    }

    @Test func itKnowsTheServer() async throws {
        let facts = try await PostgresServer.shared.value.connect().facts
        #expect(facts.version >= 140_000)
        #expect(facts.encoding == "UTF8" && facts.synchronousStandbys == "")
        #expect(facts.syncsToDisk && facts.writesFullPages && !facts.isInRecovery)
    }

    @Test func whatKeepsItFromOpeningIsSaid() async throws {
        let server = try await PostgresServer.shared.value
        try server.connect().run("CREATE ROLE locked LOGIN PASSWORD 'open sesame'")
        for (options, sqlState) in [
            ("dbname=missing password=canary", "3D000"), ("user=nobody password=canary", "28000"),
            ("user=locked password=canary", "28P01"),
        ] {
            let error = #expect(throws: PostgresError.self) { try server.connect(options) }
            #expect(error?.sqlState == sqlState)
            #expect(error?.classification == .other)
            #expect(error.map { !"\($0)".contains("canary") } == true)
        }
        #expect(throws: Never.self) { try server.connect("user=locked password='open sesame'") }
    }

    /// Also that closing a connection that was never made does not end the process.
    @Test(arguments: ["host=/nonexistent", "host=127.0.0.1 port=1", "host=nonexistent.invalid"])
    func whereNobodyListensItIsLost(text: String) throws {
        let host = try #require(try DatabaseURL(text + " password=canary").hosts.first)
        for _ in 0..<3 {
            let error = #expect(throws: PostgresError.self) { try Connection(host) }
            #expect(error?.classification == .onAnotherConnection)
            #expect(error.map { !"\($0)".contains("canary") } == true)
        }
    }

    @Test func anAnswerThatTakesTooLongClosesIt() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        #expect(throws: PostgresError.deadline(.milliseconds(50))) {
            try connection.run("SELECT pg_sleep(8)", within: .milliseconds(50))
        }
        #expect(!connection.isOpen)
        #expect(throws: PostgresError.closed) { try connection.run("SELECT 1") }
        #expect(throws: PostgresError.closed) { try connection.run(.commit) }
        #expect(throws: PostgresError.closed) { try connection.pipeline([Request("SELECT 1")]) }
        connection.close()
    }

    @Test func manyRowsAreNotKept() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        let before = residentBytes()
        var (sum, most) = (0, before)
        let count = try connection.run(
            "SELECT i, repeat('x', 3000) FROM generate_series(1, $1::bigint) i", [.integer(100_000)], isStreamed: true
        ) { row in
            let index = Int(try row.integer(0))
            sum += index
            if index.isMultiple(of: 1000) { most = max(most, residentBytes()) }
        }
        #expect(count == 100_000 && sum == 5_000_050_000)
        #expect(most - before < 150_000_000)
    }

    @Test(arguments: [false, true]) func afterAnErrorInARowItGoesOn(isStreamed: Bool) async throws {
        struct Enough: Error {}
        let connection = try await PostgresServer.shared.value.connect()
        var rows = 0
        #expect(throws: Enough.self) {
            try connection.run("SELECT generate_series(1, 5000)", isStreamed: isStreamed) { _ in
                rows += 1
                if rows == 10 { throw Enough() }
            }
        }
        #expect(rows == 10)
        #expect(try connection.integer("SELECT 7") == 7)
    }

    @Test func anErrorComesAfterTheRowsOfAStream() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        var rows = 0
        let error = #expect(throws: PostgresError.self) {
            try connection.run("SELECT 1 / (50000 - i) FROM generate_series(1, 60000) i", isStreamed: true) { _ in
                rows += 1
            }
        }
        #expect(error?.sqlState == "22012" && rows == 49_999)
        #expect(try connection.integer("SELECT 7") == 7)
    }

    @Test func anErrorHasItsClassAndNoDetail() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        try connection.run("CREATE TEMPORARY TABLE book (id bigint CONSTRAINT book_id PRIMARY KEY, name text)")
        try connection.run("CREATE TEMPORARY TABLE page (book bigint REFERENCES book)")
        let insert: Statement = "INSERT INTO book VALUES ($1, $2)"
        #expect(try connection.run(insert, [.integer(77_777), .text("canary")]) == 1)
        let duplicate = #expect(throws: PostgresError.self) {
            try connection.run(insert, [.integer(77_777), .text("canary")])
        }
        #expect(duplicate?.classification == .duplicate(constraint: "book_id"))
        #expect(duplicate.map { !"\($0)".contains("77777") } == true)
        let orphan = #expect(throws: PostgresError.self) {
            try connection.run("INSERT INTO page VALUES ($1)", [.integer(5)])
        }
        #expect(orphan?.classification == .missingReference)
        let mistake = #expect(throws: PostgresError.self) { try connection.run("SELEC 1") }
        #expect(mistake?.sqlState == "42601" && mistake?.classification == .other)
    }

    @Test(arguments: [
        ("08006", PostgresError.Classification.onAnotherConnection), ("57P01", .onAnotherConnection),
        ("57P03", .onAnotherConnection), ("25006", .onAnotherConnection), ("53300", .onAnotherConnection),
        ("40001", .onSameConnection), ("40P01", .onSameConnection), ("55P03", .onSameConnection), ("53100", .diskFull),
        ("23503", .missingReference), ("23505", .duplicate(constraint: "c")), ("22021", .unstorableText),
        ("57014", .other), ("42501", .other),
    ])
    func aSQLSTATEHasAClass(sqlState: String, classification: PostgresError.Classification) {
        let error = PostgresError.server(.init(sqlState: sqlState, message: "", constraint: "c"))
        #expect(error.classification == classification)
    }

    @Test func manyStatementsArePrepared() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        for index in 0..<1200 { #expect(try connection.integer(Statement("SELECT \(index)")) == Int64(index)) }
        #expect(try connection.integer("SELECT count(*) FROM pg_prepared_statements") ?? 0 <= 512)
        #expect(try connection.integer("SELECT 5") == 5)
    }

    @Test func itTakesAnswersThatNobodyAskedFor() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        let error = #expect(throws: PostgresError.self) { try connection.run("COPY (SELECT 1) TO STDOUT") }
        #expect(error?.classification == .onAnotherConnection && !connection.isOpen)
    }

    private func residentBytes() -> Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        return (pages.flatMap { Int($0[1]) } ?? 0) * 4096
    }
}
