import Foundation
import LibraryStore
import Shared

extension PostgresStore {
    /// Checks the server and the database, and brings the schema up to date.
    /// - Throws: ``PostgresError``, ``CommandError``; nothing was changed.
    func prepare(_ secret: [UInt8], creates: Bool) async throws {
        let place = place
        let machineClock = machineClock
        let (time, machineTime) = try await writes.run { connection in
            try Self.check(connection.facts)
            try connection.transaction {
                // Two daemons that start at once migrate one after the other.
                try connection.run("SET LOCAL lock_timeout = '60s'")
                try connection.run("SET LOCAL statement_timeout = '60s'")
                try connection.run(
                    "SELECT pg_advisory_xact_lock($1)", [.integer(Self.lockOfSchema)], within: .seconds(60))
                try Self.migrate(connection, place, secret, creates: creates)
            }
            var time: Int64 = 0
            let machineTime = machineClock.now()
            try connection.run(Statement("SELECT \(Self.serverTime)")) { time = try $0.integer(0) }
            return (time, machineTime)
        }
        keep(serverTime: time, at: machineTime)
    }

    /// A number of our own for locks of PostgreSQL: "Libr", as in the header of an SQLite file.
    private static let lockOfSchema: Int64 = 0x4C69_6272

    private static func check(_ facts: ServerFacts) throws {
        if facts.encoding != "UTF8" {
            throw PostgresError.unsuitable("the database has the encoding \(facts.encoding); create it with UTF8")
        }
        if !facts.syncsToDisk { throw PostgresError.unsuitable("the database server has fsync off; turn it on") }
        if !facts.writesFullPages {
            throw PostgresError.unsuitable("the database server has full_page_writes off; turn it on")
        }
    }

    private static func migrate(_ connection: Connection, _ place: String, _ secret: [UInt8], creates: Bool) throws {
        let newest = Schema.migrations.count
        let done = try schema(connection, place)
        guard done <= newest else {
            throw PostgresError.unsuitable(
                "\(place) was written by a newer libraryd (schema \(done)); install that one")
        }
        guard creates || done > 0 else {
            throw CommandError(.notFound, "there is no library in \(place)", hint: "start libraryd once")
        }
        for (index, migration) in Schema.migrations.enumerated().dropFirst(done) {
            try connection.runAll(migration)
            if index == 0 { try insertLibrary(connection, secret) }
        }
        if done < newest {
            try connection.run("UPDATE library SET schema = $1", [.integer(Int64(newest))])
        }
        var isSame = false
        try connection.run("SELECT secret_check FROM library") { isSame = try $0.bytes(0) == Self.check(of: secret) }
        guard isSame else {
            throw PostgresError.unsuitable(
                "signing.key is not the key of \(place); copy signing.key from another daemon of this database")
        }
    }

    /// The number of migrations that the database has had.
    private static func schema(_ connection: Connection, _ place: String) throws -> Int {
        var (isOurs, isEmpty) = (false, false)
        try connection.run(
            """
            SELECT to_regclass('library') IS NOT NULL AND to_regclass('event_counter') IS NOT NULL,
                NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
            """
        ) { (isOurs, isEmpty) = (try $0.flag(0), try $0.flag(1)) }
        if isEmpty { return 0 }
        guard isOurs else {
            throw PostgresError.unsuitable("\(place) has tables that are not of libraryd; create another database")
        }
        var schema: Int64 = 0
        try connection.run("SELECT schema FROM library") { schema = try $0.integer(0) }
        return Int(clamping: schema)
    }

    private static func insertLibrary(_ connection: Connection, _ secret: [UInt8]) throws {
        try connection.run(
            "INSERT INTO library (schema, epoch, daemon_id, secret_check) VALUES (0, $1, $2, $3)",
            [.text(newEpoch()), .text(UUID().uuidString.lowercased()), .bytes(Self.check(of: secret))])
        try connection.run(insertSigningKey, [.integer(0), .bytes(newSalt())])
    }

    /// What the database has of the secret, from which the secret cannot be found.
    private static func check(of secret: [UInt8]) -> [UInt8] {
        Digest.sha256(Array("libraryd secret check\n".utf8) + secret)
    }

    /// What the server says about itself.
    package func server() async throws -> ServerFacts { try await read(\.facts) }

    package func daemonID() async throws -> String {
        try await read { connection in
            var id = ""
            try connection.run("SELECT daemon_id FROM library") { id = try $0.text(0) }
            return id
        }
    }
}

extension Connection {
    /// Runs statements that have no values, one after the other.
    func runAll(_ text: String) throws {
        for statement in text.split(separator: ";\n") where !statement.allSatisfy(\.isWhitespace) {
            try run(Statement(String(statement)))
        }
    }
}
