package import LibraryStore
package import Shared

extension PostgresStore {
    package func importFlask(
        _ users: [ImportedUser], _ authors: [FlaskLibrary.Author], owner: String?, dryRun: Bool, at now: Timestamp
    ) async throws -> FlaskImportReport {
        do {
            let (report, owners) = try await Cancellation.following { cancellation in
                try await write(on: files) { connection in
                    // Two imports could wait for each other's new names.
                    try connection.run("SELECT pg_advisory_xact_lock($1)", [.integer(Self.lockOfImport)])
                    let changes = Changes(connection)
                    var work = FlaskImport(into: Target(changes: changes), at: now)
                    try work.run(users, authors, owner: owner, until: cancellation)
                    if dryRun { throw FlaskDryRun(work.report) }
                    try changes.store()
                    try Self.note(
                        connection, .flaskImported, user: owner, by: .operator, work.summary, at: now)
                    return (work.report, work.owners)
                }
            }
            owners.forEach(changes.advance)
            return report
        } catch let dryRun as FlaskDryRun {
            return dryRun.report
        }
    }

    /// A number of our own for locks of PostgreSQL: "Flas".
    private static let lockOfImport: Int64 = 0x466C_6173
}

/// The changes of several libraries in one transaction.
private final class Changes {
    let connection: Connection
    private(set) var all: [Int64: LibraryChange] = [:]

    init(_ connection: Connection) { self.connection = connection }

    /// Takes the owners' locks, in the order that all transactions have.
    func lock(_ owners: Set<Int64>) throws {
        try connection.run(Self.lockAll, [.integers(Array(owners))]) { row in
            let owner = try row.integer(0)
            all[owner] = try LibraryChange(connection, owner: owner, lastEvent: try row.integer(1))
        }
    }

    /// Stores the numbers of the last events.
    func store() throws { try connection.pipeline(all.values.flatMap(\.counting)) }

    private static let lockAll: Statement =
        "SELECT owner, last FROM event_counter WHERE owner = ANY ($1) ORDER BY owner FOR UPDATE"
}

private struct Target: FlaskImportTarget {
    let changes: Changes
    private var connection: Connection { changes.connection }

    init(changes: Changes) { self.changes = changes }

    func user(publicID: String) throws -> Int64? { try PostgresStore.role(connection, .publicID(publicID))?.id }

    func user(named name: String) throws -> Int64? { try PostgresStore.role(connection, .name(name))?.id }

    func createUser(
        publicID: String, name: String, passwordHash: String, admin: Bool, disabled: Bool, at now: Timestamp
    ) throws -> Int64? {
        try PostgresStore.insertUser(
            connection, publicID: publicID, name: name, passwordHash: passwordHash, admin: admin, disabled: disabled,
            at: now)
    }

    func prepare(_ owners: Set<Int64>) throws { try changes.lock(owners) }

    /// - Throws: ``StoreError`` `ownerDeleted` too.
    func createAuthor(_ draft: AuthorDraft, owner: Int64, at now: Timestamp) throws {
        guard let change = changes.all[owner] else { throw StoreError.ownerDeleted }
        _ = try PostgresStore.create(change, draft, from: nil, at: now)
    }
}
