import LibraryStore
import Shared

/// Imports among the origins of a user's changes.
extension PostgresStore {
    /// The number of an import, which may consist of several requests; of a session or a key if it is no import.
    ///
    /// Asked for before the numbers of the events are taken: the first of them is the first one of a new import.
    static func number(_ change: LibraryChange, of origin: ImportOrigin) throws -> Int64? {
        guard let id = origin.importID else { return origin.caller }
        let (connection, owner) = (change.connection, change.owner)
        // An import of that id whose first changes are gone could not be undone, so another one begins.
        if let known = try self.origin(connection, ofImport: id, owner: owner),
            known.isKept || known.firstEvent > change.lastEvent
        {
            return known.number
        }
        var (session, client): (String?, String?)
        if let caller = origin.caller {
            try connection.run(selectSession, [.integer(owner), .integer(caller)]) { row in
                (session, client) = (try row.textIfAny(0), try row.textIfAny(1))
            }
        }
        return try addOrigin(
            connection, user: owner, session: session, client: client, import: id, firstEvent: change.lastEvent + 1)
    }

    /// An import, with the number of its first event and whether that is kept; `nil` if there is none of that id.
    static func origin(
        _ connection: Connection, ofImport id: String, owner: Int64
    ) throws -> (number: Int64, firstEvent: Int64, isKept: Bool)? {
        var known: (Int64, Int64, Bool)?
        try connection.run(selectImport, [.integer(owner), .text(id)]) { row in
            known = (try row.integer(0), try row.integer(1), try row.flag(2))
        }
        return known
    }

    private static let selectSession: Statement = """
        SELECT session, client FROM origin WHERE "user" = $1 AND number = $2
        """
    private static let selectImport: Statement = """
        SELECT number, first_event, EXISTS (
            SELECT FROM author_event WHERE owner = origin."user" AND sequence = origin.first_event
        )
        FROM origin WHERE "user" = $1 AND import = $2 ORDER BY number DESC LIMIT 1
        """
}
