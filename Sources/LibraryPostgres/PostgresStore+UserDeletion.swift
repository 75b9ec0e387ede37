package import LibraryStore
package import Shared

extension PostgresStore {
    package func deleteUser(
        _ key: UserKey, passwordHash hash: String?, by initiator: Initiator, at now: Timestamp
    ) async throws {
        let id = try await write(on: files) { connection in
            // Who is no admin is deleted beside changes of roles, which may take long.
            let mayBeLast = try Self.role(connection, key)?.admin == true
            if mayBeLast { try connection.run(Self.lockLibrary) }
            // The counter before the user: who adds an author locks them in this order, too.
            var id: Int64?
            try connection.run(Self.lockCounter[key], [key.value]) { id = try $0.integer(0) }
            guard let id, let user = try Self.role(connection, .id(id), isLocked: true) else { throw key.missing }
            guard mayBeLast || !user.admin else { throw PostgresError.changedMeanwhile }
            guard hash == nil || hash == user.passwordHash else { throw StoreError.passwordChanged }
            try Self.requireAnotherAdmin(connection, than: user)
            try Self.deleteAll(connection, of: id)
            try Self.note(connection, .userDeleted, user: user.name, by: initiator, at: now)
            return id
        }
        changes.advance(id)
    }

    /// Deletes a user with all rows that refer to the user's. What may be much is deleted in parts, each of which
    /// ends in time.
    private static func deleteAll(_ connection: Connection, of id: Int64) throws {
        for statement in [deleteAuthors, deleteEvents] {
            var last: Int64? = .min
            while let previous = last {
                try connection.run(statement, [.integer(id), .integer(previous)]) { last = try $0.integerIfAny(0) }
            }
        }
        while try connection.run(deleteReplies, [.integer(id)]) > 0 {}
        try connection.run(#"DELETE FROM "user" WHERE id = $1"#, [.integer(id)])
    }

    private static let lockCounter = UserStatement {
        """
        SELECT owner FROM event_counter JOIN "user" ON "user".id = event_counter.owner
        WHERE \($0) FOR UPDATE OF event_counter
        """
    }

    private static let deleteAuthors = deletePart(of: "author", by: "id")
    private static let deleteEvents = deletePart(of: "author_event", by: "sequence")

    private static let deleteReplies: Statement = """
        DELETE FROM idempotency_key WHERE owner = $1 AND hash IN (
            SELECT hash FROM idempotency_key WHERE owner = $1 LIMIT 2000)
        """

    /// Deletes the next rows of an owner after `$2`.
    /// - Returns: a statement whose row has the key of the last of them; NULL if there are no more.
    private static func deletePart(of table: String, by key: String) -> Statement {
        Statement(
            """
            WITH part AS (
                SELECT \(key) AS key FROM \(table) WHERE owner = $1 AND \(key) > $2 ORDER BY \(key) LIMIT 5000
            ), deleted AS (
                DELETE FROM \(table) WHERE owner = $1 AND \(key) > $2 AND \(key) <= (SELECT max(key) FROM part)
            )
            SELECT max(key) FROM part
            """)
    }
}
