import LibraryStore
import Shared

extension PostgresStore {
    package func loginAddresses() async throws -> [(name: String, address: String)] {
        try await readSlowly { connection in
            var addresses: [(name: String, address: String)] = []
            try connection.run(
                #"SELECT name, address FROM login_address JOIN "user" ON "user".id = login_address."user""#,
                isStreamed: true
            ) { addresses.append((try $0.text(0), try $0.text(1))) }
            return addresses
        }
    }

    /// What keeps the address from where a user has logged in, whose row is locked: the last 16 of each.
    static func keeping(address: String, user: Int64, at now: Timestamp) -> [Request] {
        [
            Request(insertAddress, [.integer(user), .text(address), .integer(now.milliseconds)]),
            Request(deleteAddresses, [.integer(user)]),
        ]
    }

    private static let insertAddress: Statement = """
        INSERT INTO login_address ("user", address, used_at) VALUES ($1, $2, $3)
        ON CONFLICT ("user", address) DO UPDATE SET used_at = excluded.used_at
        """
    private static let deleteAddresses: Statement = """
        DELETE FROM login_address WHERE "user" = $1 AND address NOT IN (
            SELECT address FROM login_address WHERE "user" = $1 ORDER BY used_at DESC, address LIMIT 16)
        """
}
