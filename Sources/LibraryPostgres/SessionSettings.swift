/// Facts that the server told of itself when a connection was opened, for the checks at the start of the daemon.
package struct ServerFacts: Sendable, Equatable {
    /// Such as 150018 for 15.18 (PostgreSQL 15 documentation, section 34.2, PQserverVersion).
    package let version: Int
    /// The encoding of the database, such as `UTF8`.
    package let encoding: String
    /// `fsync`
    package let syncsToDisk: Bool
    /// `full_page_writes`
    package let writesFullPages: Bool
    package let isInRecovery: Bool
    /// `synchronous_standby_names`, which is empty if no commit waits for a standby.
    package let synchronousStandbys: String
}

/// The settings that each connection has, whatever the server, the database and the role have.
enum SessionSettings {
    /// With the values that the server gives back.
    static let all = [
        ("synchronous_commit", "on"),
        ("jit", "off"),
        ("lock_timeout", "2s"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("client_encoding", "UTF8"),
        ("default_transaction_isolation", "read committed"),
        // ``Row/bytes(_:)`` reads it.
        ("bytea_output", "hex"),
    ]
    /// More for reads that an index answers. What they look for is never planned for: that costs as much as a page, and
    /// statistics that are old can make it a sort of the whole library.
    static let ofIndexedReads = [
        ("plan_cache_mode", "force_generic_plan"), ("enable_sort", "off"), ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"), ("enable_mergejoin", "off"),
    ]
    private static let oldestVersion = 14

    /// Sets them, reads them back, and asks for the facts.
    /// - Parameter more: settings that are not read back.
    /// - Throws: ``PostgresError/unsuitable(_:)`` if the server is too old, or a setting has another value.
    static func apply(
        to libpq: LibpqConnection, with more: [(String, String)] = [], by end: Deadline
    ) throws -> ServerFacts {
        let version = libpq.serverVersion
        guard version / 10_000 >= oldestVersion else {
            throw PostgresError.unsuitable(
                "the database server is PostgreSQL \(version / 10_000); use PostgreSQL \(oldestVersion) or newer")
        }
        try libpq.query("SELECT " + (all + more).map(assignment).joined(separator: ", "), by: end)
        try libpq.query("SELECT " + all.map { reading($0.0) }.joined(separator: ", "), by: end) { row in
            try check { try row.text($0) }
        }
        let names = ["server_encoding", "fsync", "full_page_writes", "synchronous_standby_names"]
        let columns = ["pg_is_in_recovery()"] + names.map(reading)
        var facts: ServerFacts?
        try libpq.query("SELECT " + columns.joined(separator: ", "), by: end) { row in
            facts = ServerFacts(
                version: version, encoding: try row.text(1), syncsToDisk: try row.text(2) == "on",
                writesFullPages: try row.text(3) == "on", isInRecovery: try row.flag(0),
                synchronousStandbys: try row.text(4))
        }
        guard let facts else { throw PostgresError.unexpected("the database server does not tell its settings") }
        return facts
    }

    /// - Parameter value: of the setting with that index.
    static func check(_ value: (Int) throws -> String) throws {
        for (index, (name, wanted)) in all.enumerated() {
            let value = try value(index)
            guard value == wanted || name == "synchronous_commit" && value == "remote_apply" else {
                throw PostgresError.unsuitable(
                    "the database server keeps \(name) at \(value), not \(wanted); connect to the server itself, or to "
                        + "a pooler in session mode")
            }
        }
    }

    private static func assignment(_ name: String, _ value: String) -> String {
        var value = "'\(value)'"
        // A commit that waits until the standbys have applied it waits for more.
        if name == "synchronous_commit" {
            value = "CASE \(reading(name)) WHEN 'remote_apply' THEN 'remote_apply' ELSE \(value) END"
        }
        return "set_config('\(name)', \(value), false)"
    }

    private static func reading(_ name: String) -> String { "current_setting('\(name)')" }
}
