import LibraryStore
package import Shared

extension PostgresStore {
    /// Ends all sessions and API keys, and begins a new epoch of events, after the database was restored by its own
    /// tools: clients have seen later events than the backup has, and what was ended after it would be alive again.
    package func beginAnew(at now: Timestamp) async throws {
        try await write { connection in
            try connection.run("UPDATE library SET epoch = $1", [.text(Self.newEpoch())])
            try connection.pipeline([Request("DELETE FROM session"), Request("DELETE FROM api_key")])
            try Self.note(connection, .restored, user: nil, by: .operator, "", at: now)
        }
    }

    /// 16 hexadecimal digits.
    static func newEpoch() -> String { Digest.hexadecimal([UInt8].random(count: 8)) }
}
