import TestSupport
import Testing

@testable import LibraryPostgres

/// What a transaction and a pipeline promise.
struct TransactionTests {
    private struct Mistake: Error {}

    @Test func itLastsOrChangesNothing() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        try connection.run("CREATE TEMPORARY TABLE book (id bigint)")
        let insert: Statement = "INSERT INTO book VALUES ($1)"
        #expect(try connection.transaction { try connection.run(insert, [.integer(1)]) } == 1)
        #expect(throws: Mistake.self) {
            try connection.transaction {
                try connection.run(insert, [.integer(2)])
                throw Mistake()
            }
        }
        #expect(throws: PostgresError.self) {
            try connection.transaction {
                try connection.run(insert, [.integer(3)])
                try connection.run("SELECT 1 / 0")
            }
        }
        // The server answers this COMMIT with ROLLBACK.
        #expect(throws: PostgresError.rolledBack) {
            try connection.transaction {
                try connection.run(insert, [.integer(4)])
                _ = try? connection.run("SELECT 1 / 0")
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try connection.text("SELECT string_agg(id::text, ',') FROM book") == "1")
    }

    @Test func anErrorOfTheCommitIsNoDoubt() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        try connection.run("CREATE TEMPORARY TABLE book (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction { try connection.run("INSERT INTO book VALUES (1), (1)") }
        }
        #expect(error?.classification == .duplicate(constraint: "book_id_key"))
        #expect(try connection.integer("SELECT count(*) FROM book") == 0)
    }

    @Test func aWarningDuringACommitIsADoubt() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        try connection.run("CREATE TEMPORARY TABLE book (id bigint)")
        try connection.run(
            """
            CREATE FUNCTION pg_temp.warn() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE WARNING 'perhaps nowhere else'; RETURN NULL; END $$
            """)
        try connection.run(
            """
            CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON book DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION pg_temp.warn()
            """)
        // Not during the commit.
        try connection.transaction {
            try connection.run("INSERT INTO book VALUES (1)")
            try connection.run("SET CONSTRAINTS ALL IMMEDIATE")
        }
        #expect(throws: PostgresError.inDoubt("perhaps nowhere else")) {
            try connection.transaction { try connection.run("INSERT INTO book VALUES (2)") }
        }
        #expect(!connection.isOpen)
    }

    /// The server ends a transaction that waits too long for its next statement, such as of a daemon that was stopped.
    @Test(arguments: [false, true])
    func aTransactionThatWasIdleForTooLongIsNotInDoubt(isPipeline: Bool) async throws {
        let server = try await PostgresServer.shared.value
        let (connection, admin) = (try server.connect(), try server.connect())
        let process = try #require(try connection.integer("SELECT pg_backend_pid()"))
        try connection.run("CREATE TEMPORARY TABLE book (id bigint)")
        try connection.run("SET idle_in_transaction_session_timeout = '10ms'")
        try connection.run(.begin)
        try await wait(until: "the end of the session") {
            try admin.run("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [.integer(process)]) == 0
        }
        let error = #expect(throws: PostgresError.self) {
            if isPipeline {
                try connection.pipeline([Request("INSERT INTO book VALUES (1)"), Request(.commit)])
            } else {
                try connection.run(.commit)
            }
        }
        #expect(error?.sqlState == "25P03" && error?.classification == .onAnotherConnection)
        connection.rollback()
        #expect(!connection.isOpen)
    }

    @Test func aPipelineAnswersAll() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        try connection.run("CREATE TEMPORARY TABLE book (id bigint)")
        var rows: [String] = []
        for round in 1...3 as ClosedRange<Int64> {
            let counts = try connection.pipeline([
                Request(.begin), Request("INSERT INTO book VALUES ($1), ($1)", [.integer(round)]),
                Request("SELECT id FROM book WHERE id = $1", [.integer(round)]),
                Request("SELECT count(*) FROM book"), Request(.commit),
            ]) { index, row in rows.append("\(index):\(try row.text(0))") }
            #expect(counts == [0, 2, 2, 1, 0])
        }
        #expect(rows == ["2:1", "2:1", "3:2", "2:2", "2:2", "3:4", "2:3", "2:3", "3:6"])
        #expect(try connection.pipeline([]) == [])
    }

    @Test func anErrorInAPipelineSkipsTheRest() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        try connection.run("CREATE TEMPORARY TABLE book (id bigint CHECK (id < 10))")
        let insert: Statement = "INSERT INTO book VALUES ($1)"
        let later: Statement = "SELECT count(*) FROM book"
        var rows = 0
        let error = #expect(throws: PostgresError.self) {
            try connection.pipeline([
                Request(.begin), Request(insert, [.integer(1)]), Request("SELECT id FROM book"),
                Request(insert, [.integer(10)]), Request(later), Request(.commit),
            ]) { _, _ in rows += 1 }
        }
        #expect(error?.sqlState == "23514" && rows == 1)
        #expect(connection.isOpen && connection.isInTransaction)
        connection.rollback()
        // It was skipped before it was prepared.
        #expect(try connection.integer(later) == 0)
        #expect(throws: Mistake.self) {
            try connection.pipeline([Request(later), Request(insert, [.integer(2)])]) { _, _ in throw Mistake() }
        }
        // What they did lasts: the pipeline was a transaction of its own.
        #expect(try connection.integer(later) == 1)
    }

    /// Neither side waits for the other to read.
    @Test func aPipelineIsLargerThanTheBuffers() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        let text = Value.text(String(repeating: "x", count: 20_000))
        let requests = Array(repeating: Request("SELECT repeat($1::text, 2)", [text]), count: 500)
        var bytes = 0
        try connection.pipeline(requests, within: .seconds(60)) { bytes += try $1.utf8(0).count }
        #expect(bytes == 20_000_000)
    }

    /// The synchronous standby is never there, so that a commit waits.
    @Test func aCommitThatNoStandbyHasIsInDoubt() async throws {
        let server = try await PostgresServer()
        defer { server.stop() }
        let admin = try server.connect()
        try admin.run("CREATE TABLE book (id bigint)")
        try admin.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try admin.run("SELECT pg_reload_conf()")
        try await wait(until: "the setting") { try server.connect().facts.synchronousStandbys == "nobody" }

        // A wait that is cancelled answers with success and a warning, one that is terminated with nothing.
        for (end, reason) in [
            ("pg_cancel_backend", "canceling wait for synchronous replication due to user request"),
            ("pg_terminate_backend", "server closed the connection unexpectedly"),
        ] {
            let waiter = Task.detached {
                let connection = try server.connect()
                let requests = [Request(.begin), Request("INSERT INTO book VALUES (1)"), Request(.commit)]
                let error = #expect(throws: PostgresError.self) {
                    try connection.pipeline(requests, within: .seconds(60))
                }
                #expect(!connection.isOpen)
                return error
            }
            try await wait(until: "a commit that waits") {
                let sql = "SELECT \(end)(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                return try admin.run(Statement(sql)) == 1
            }
            let error = try await waiter.value
            #expect(error?.classification == .inDoubt)
            #expect(error.map { "\($0)".contains(reason) } == true, "\(String(describing: error))")
        }
        // Nobody ends this wait.
        let connection = try server.connect()
        #expect(throws: PostgresError.inDoubt("the database server did not answer within 3.0 seconds")) {
            try connection.transaction { try connection.run("INSERT INTO book VALUES (1)") }
        }
        #expect(!connection.isOpen)
        #expect(try admin.integer("SELECT count(*) FROM book") ?? 0 >= 2)
    }
}
