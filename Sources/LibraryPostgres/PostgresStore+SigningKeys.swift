package import LibraryStore
package import Shared

extension PostgresStore {
    package func keySalts() async throws -> KeySalts? {
        try await read { try Self.keySalts($0) }
    }

    package func rotateKeySalts(at now: Timestamp) async throws -> KeySalts? {
        try await write { connection in
            var version: Int64 = 0
            try connection.run("SELECT key FROM library FOR UPDATE") { version = try $0.integer(0) &+ 1 }
            // A key that was retired before signs nothing that is still good.
            try connection.pipeline([
                Request("DELETE FROM signing_key WHERE retired_at IS NOT NULL"),
                Request("UPDATE signing_key SET retired_at = $1", [.integer(now.milliseconds)]),
                Request(Self.insertSigningKey, [.integer(version), .bytes(Self.newSalt())]),
                Request("UPDATE library SET key = $1", [.integer(version)]),
            ])
            return try Self.keySalts(connection)
        }
    }

    static let insertSigningKey: Statement = "INSERT INTO signing_key (id, salt) VALUES ($1, $2)"

    static func newSalt() -> [UInt8] { .random(count: 32) }

    private static func keySalts(_ connection: Connection) throws -> KeySalts {
        var current: (version: Int64, salt: [UInt8])?
        var retired: (salt: [UInt8], at: Timestamp)?
        try connection.run("SELECT id, salt, retired_at FROM signing_key") { row in
            let salt = try row.bytes(1)
            if try row.isNull(2) {
                current = (try row.integer(0), salt)
            } else {
                retired = (salt, try row.time(2))
            }
        }
        guard let current else { throw StoreError.damaged("there is no signing key") }
        return KeySalts(version: current.version, current: current.salt, retired: retired)
    }
}
