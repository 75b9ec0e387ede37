package import Shared

/// The data of a library: users, sessions, authors and their history.
///
/// Each operation is one transaction, and has been stored durably when it returns. An engine opens its database with
/// the newest schema. Errors are ``StoreError``s, and those that an operation names.
package protocol Store: Sendable {
    // MARK: Life

    /// Prepares the first request: what is kept in memory is read, and what an earlier run left is removed.
    func begin() async throws

    /// Ends what waits, and closes the database. Writes that were accepted are stored first.
    func close()

    /// What errors call the database.
    var place: String { get }

    /// The number of the schema.
    var schema: Int { get }

    /// The clock by which the daemons of the database agree.
    var clock: Clock { get }

    /// That clock less the one of this machine, in milliseconds.
    var clockDifference: Int64 { get }

    /// The id of the library, a UUID.
    func daemonID() async throws -> String

    /// What keeps writes from being stored; `nil` if nothing does. Tells what is known, and waits for nothing.
    func obstacle(at now: ContinuousClock.Instant) -> Obstacle?

    /// The work without a request that fails at present.
    var failingWork: [BackgroundWork: BackgroundWork.Failure] { get }

    /// How often the database was found to lack what it had acknowledged, since the start.
    var lossCount: Int { get }

    /// A number that is the same at two looks if the writer took none of the writes that wait; `nil` if none waits, or
    /// if the writer is at work.
    var writerStandstill: Int? { get }

    var writerCounts: WriterCounts { get }

    func measurements() async -> Measurements

    /// The size of the write-ahead log in bytes if it is beyond the limit, because a read keeps it from being moved
    /// into the database; `nil` from an engine whose server sees to that.
    func sizeOfLog(beyond limit: Int64) -> Int64?

    /// A file in the data folder for what is too long for memory.
    func spool() -> SpooledFile

    // MARK: Who asks

    /// Counts changes of libraries, and wakes those who watch them.
    var changes: ChangeCounter { get }

    /// The sessions and API keys in memory; `nil` if the engine keeps none, because other daemons write too.
    var liveSessions: LiveSessions? { get }

    /// Who has the session or the API key of that id; `nil` if it has ended.
    func caller(session id: String, at now: Timestamp) async throws -> Caller?

    /// Who has the API key with that SHA-256 of its secret.
    func holder(ofKey hash: [UInt8], at now: Timestamp) async throws -> KeyHolder

    /// Stores when a key was used. Nobody waits for it, and nothing depends on it.
    func noteUse(ofKey id: String, at now: Timestamp)

    // MARK: Authors

    /// Adds an author to the owner's library.
    /// - Parameters:
    ///   - origin: as ``Principal/origin``.
    ///   - request: if the same request came before, its stored reply is returned.
    ///   - completion: called once with the outcome, after the commit, on any thread; with ``StoreError``
    ///     `authorExists` and the id of the one that is there already, or `keyReused`. It must not block.
    func createAuthor(
        _ draft: AuthorDraft, owner: Int64, from origin: Int64?, as request: IdempotentRequest?, at now: Timestamp,
        completion: @escaping @Sendable (Result<Author, any Error>) -> Void)

    /// Reads the owner's author of that id.
    /// - Parameter read: takes the row, which is good only in this call.
    /// - Throws: ``StoreError`` `authorNotFound`.
    func author<Value: Sendable>(
        id: Int64, owner: Int64, _ read: @escaping @Sendable (AuthorRow) -> Value
    ) async throws -> Value

    /// The same on the calling thread; `nil` from an engine that would have to wait.
    func authorAtOnce<Value>(id: Int64, owner: Int64, _ read: (AuthorRow) -> Value) throws -> Value?

    /// Changes what the patch names. If that is what the author has already, nothing changes: no version, no event.
    /// - Parameter isWanted: whether the author may be changed, by its version.
    /// - Throws: ``StoreError`` `authorNotFound`, `versionMismatch` or `authorExists`.
    func updateAuthor(
        id: Int64, owner: Int64, from origin: Int64?, _ patch: AuthorPatch,
        ifVersion isWanted: @escaping @Sendable (Int64) -> Bool, at now: Timestamp
    ) async throws -> (author: Author, isChanged: Bool)

    /// Deletes the author and returns it as it was.
    /// - Parameter isWanted: whether the author may be deleted, by its version.
    /// - Throws: ``StoreError`` `authorNotFound` or `versionMismatch`.
    func deleteAuthor(
        id: Int64, owner: Int64, from origin: Int64?, ifVersion isWanted: @escaping @Sendable (Int64) -> Bool,
        at now: Timestamp
    ) async throws -> Author

    /// Reads the owner's authors that match, one page of them, by key and never by offset.
    /// - Parameter read: takes the rows, which are good only in this call; on another thread where that may take long.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list; ``StoreError`` `eventNotFound` or
    ///   `historyGone` if the query asks for an earlier state that is not known.
    func authors<Value: Sendable>(
        _ query: AuthorQuery, owner: Int64, _ read: @escaping @Sendable (AuthorRows) throws -> Value
    ) async throws -> Value

    /// The same on the calling thread, for a page to which an index leads whatever the size of the library.
    /// - Returns: `nil` for another page, and from an engine that would have to wait; nothing has been read.
    /// - Throws: ``InvalidFields`` if the cursor does not belong to this list.
    func authorsAtOnce<Value>(
        _ query: AuthorQuery, owner: Int64, _ read: (AuthorRows) throws -> Value
    ) throws -> Value?

    /// Passes if there is such a list.
    /// - Throws: as ``authors(_:owner:_:)``.
    func requireList(_ query: AuthorQuery, owner: Int64) async throws

    /// Adds authors in one transaction; a line that fails harms no other.
    /// - Parameter request: if the same request came before, its stored reply is returned.
    /// - Returns: what became of each line.
    func createAuthors(
        _ lines: [AuthorLines.Line], owner: Int64, from origin: ImportOrigin, options: BulkOptions,
        as request: IdempotentRequest?, at now: Timestamp
    ) async throws -> [BulkResult]

    /// Adds the authors of a whole file or none, or reports what that would do, in memory that does not grow with the
    /// file.
    /// - Parameters:
    ///   - options: atomic, or a dry run.
    ///   - file: if it came before, what it was answered is answered again.
    ///   - now: when the request came.
    ///   - clock: the time of the changes, once the owner's other writes wait; `nil` for `now`.
    /// - Returns: what became, or would become, of the lines.
    /// - Throws: ``AuthorLines/Fault`` if a CSV header lacks a column, having changed nothing.
    func createAuthors(
        of contents: SpooledFile, _ format: AuthorLines.Format, owner: Int64, from origin: ImportOrigin,
        options: BulkOptions, as file: IdempotentFile?, at now: Timestamp, clock: (@Sendable () -> Timestamp)?
    ) async throws -> BulkReport

    /// Passes unless the key was another request's.
    /// - Throws: ``StoreError`` `keyReused`.
    func requireUnused(_ request: IdempotentRequest?, owner: Int64, at now: Timestamp) async throws

    // MARK: History

    /// The owner's last event so far.
    func lastEvent(owner: Int64) async throws -> EventPosition

    /// Reads the owner's events after a position, the oldest first.
    /// - Parameter read: takes the rows, which are good only in this call, on another thread.
    func events<Value: Sendable>(
        after position: EventPosition, owner: Int64, _ read: @escaping @Sendable (EventRows) throws -> Value
    ) async throws -> Value

    /// Reads the owner's changes, the newest first, one page of them.
    /// - Parameter read: takes the rows, which are good only in this call, on another thread.
    /// - Throws: ``StoreError`` `eventNotFound`.
    func changes<Value: Sendable>(
        _ query: ChangeQuery, owner: Int64, _ read: @escaping @Sendable (ChangeRows) throws -> Value
    ) async throws -> Value

    /// Reads the changes of one author, who may have been deleted, the newest first, one page of them.
    /// - Throws: ``StoreError`` `authorNotFound` if the owner has no such author and no change of one is kept, or
    ///   `eventNotFound` if the page begins after an event of another author.
    func history<Value: Sendable>(
        of id: Int64, _ query: ChangeQuery, owner: Int64, _ read: @escaping @Sendable (ChangeRows) throws -> Value
    ) async throws -> Value

    /// The last event up to a point in the history, which may no longer be kept.
    /// - Throws: ``StoreError`` `eventNotFound`.
    func position(of point: HistoryPoint, owner: Int64) async throws -> EventPosition

    /// How far back the owner's history goes.
    func history(owner: Int64) async throws -> HistoryRange

    /// Takes changes back, all or none, as new changes.
    ///
    /// Each author is put back in one step as it was before the first of the changes. An author that has changed since
    /// is an obstacle.
    /// - Parameters:
    ///   - origin: as ``Principal/origin``.
    ///   - key: if the same request came before, its stored reply is returned.
    ///   - clock: the time of the changes, once they are made.
    /// - Throws: ``StoreError`` `eventNotFound`, `importNotFound`, `undoConflict`, `libraryChanged`, `historyGone`.
    func undo(
        _ request: UndoRequest, owner: Int64, from origin: Int64?, as key: IdempotentRequest?, at now: Timestamp,
        clock: (@Sendable () -> Timestamp)?
    ) async throws -> UndoReport

    /// Deletes the events that are too many or too old.
    /// - Parameter onlyChanged: whether to look only at libraries that have changed since the last call.
    func pruneHistory(onlyChanged: Bool, at now: Timestamp) async throws

    // MARK: Users

    /// Creates a plain user.
    /// - Parameter request: the registration that may come again, with what it answers.
    /// - Throws: ``StoreError`` `nameTaken` if the name, in any case, is in use.
    func createUser(
        publicID: String, name: String, passwordHash: String, as request: IdempotentRequest?, by initiator: Initiator,
        at now: Timestamp
    ) async throws

    /// The user whom the same registration made, if it came before.
    func registered(
        _ name: String, as request: IdempotentRequest, at now: Timestamp
    ) async throws -> (account: Registered, passwordHash: String)?

    func user(_ key: UserKey) async throws -> StoredUser?

    /// All users in the order in which they registered.
    func users() async throws -> [User]

    /// - Throws: ``StoreError`` `userNotFound`.
    func profile(_ key: UserKey) async throws -> User

    /// Makes a user an admin or a plain user, disables or enables it. Who is disabled is logged out, and loses the API
    /// keys.
    /// - Throws: ``StoreError`` `userNotFound`, or `lastAdmin` if nobody would be left to administer.
    func updateUser(
        _ key: UserKey, _ patch: UserPatch, by initiator: Initiator, at now: Timestamp
    ) async throws -> User

    /// Deletes a user with all that is the user's.
    /// - Parameter passwordHash: if given, the user must still have it.
    /// - Throws: ``StoreError`` `userNotFound`, `lastAdmin` or `passwordChanged`.
    func deleteUser(_ key: UserKey, passwordHash: String?, by initiator: Initiator, at now: Timestamp) async throws

    /// Changes the password, ends the user's sessions and revokes the user's API keys: whoever knew the old password,
    /// or had a token, could have made them.
    /// - Parameters:
    ///   - old: if given, the password must still be this one.
    ///   - session: one that goes on.
    /// - Throws: ``StoreError`` `userNotFound` or `passwordChanged`.
    func setPassword(
        _ key: UserKey, from old: String?, to hash: String, keeping session: String?, by initiator: Initiator,
        at now: Timestamp
    ) async throws

    /// Stores another hash of the same password; no session ends.
    /// - Returns: `false` if the hash is no longer the old one.
    func replacePasswordHash(user id: Int64, from old: String, to new: String) async throws -> Bool

    /// The hashes of users who were imported and have not logged in since.
    func importedHashes() async throws -> [String]

    /// The public ids of all users.
    func publicIDs() async throws -> Set<String>

    /// Stores users and authors of the tutorial, all or none; what is there already stays as it is.
    /// - Parameters:
    ///   - owner: the name of the user who gets the authors that name nobody.
    ///   - dryRun: tells what would happen, and changes nothing.
    func importFlask(
        _ users: [ImportedUser], _ authors: [FlaskLibrary.Author], owner: String?, dryRun: Bool, at now: Timestamp
    ) async throws -> FlaskImportReport

    // MARK: Sessions and keys

    /// Stores a new session, and deletes those that are over, so that they do not gather over the years.
    /// - Parameters:
    ///   - user: as it was when the password was verified. If it has another password by now, or is disabled, there is
    ///     no session.
    ///   - refreshHash: SHA-256 of the refresh token; the token itself is never stored.
    ///   - idle: a session that was not used for so many seconds is over.
    ///   - address: the network of the client, by which limits count; the last 16 of each user are kept.
    ///   - key: of a login whose answer may get lost. If it comes again while its session lives, that session gets the
    ///     refresh token, and there is no second one.
    /// - Throws: ``StoreError`` `passwordChanged`.
    func createSession(
        id: String, user: StoredUser, refreshHash: [UInt8], client: String, at now: Timestamp, expiresAt: Timestamp,
        idle: Int64, address: String?, key: [UInt8]?, by initiator: Initiator
    ) async throws -> StoredSession

    /// The user's logins, the latest first.
    func sessions(user: Int64, current: String, at now: Timestamp) async throws -> [LoginSession]

    /// - Parameter caller: the user of the session.
    /// - Throws: ``StoreError`` `sessionNotFound` if the user has none of that id.
    func deleteSession(id: String, _ caller: Principal, by initiator: Initiator, at now: Timestamp) async throws

    /// Ends all sessions of the caller, or all but the one in use.
    func deleteSessions(
        _ scope: SessionScope, _ caller: Principal, by initiator: Initiator, at now: Timestamp
    ) async throws

    /// Exchanges a refresh token for a new one.
    ///
    /// Rotation with detection of reuse: RFC 9700, section 4.14.2.
    /// - Parameters:
    ///   - grace: for so many seconds a token that was used already is honoured once more, because the answer to its
    ///     first use may have been lost.
    ///   - idle: a session that was not used for so many seconds is over.
    ///   - isLate: whether the client has given up by now.
    /// - Throws: ``StoreError`` `busy` if the request was reached too late: an exchange whose answer nobody receives
    ///   would end the session at the next refresh.
    func rotateRefreshToken(
        from hash: [UInt8], to newHash: [UInt8], at now: Timestamp, grace: Int64, idle: Int64,
        isLate: @escaping @Sendable () -> Bool, by initiator: Initiator
    ) async throws -> RefreshRotation

    /// From where the users have logged in: names and addresses.
    func loginAddresses() async throws -> [(name: String, address: String)]

    /// Creates an API key.
    /// - Parameter hash: SHA-256 of the secret.
    /// - Throws: ``StoreError`` `userNotFound`, `ownerDeleted` if the user is disabled, `keyExists` or `tooManyKeys`.
    func createKey(
        _ user: UserKey, id: String, name: String, scope: KeyScope, hash: [UInt8], expiresAt: Timestamp?,
        by initiator: Initiator, at now: Timestamp
    ) async throws -> APIKey

    /// The user's API keys, in the order of their names.
    /// - Throws: ``StoreError`` `userNotFound`.
    func keys(_ user: UserKey) async throws -> [APIKey]

    /// - Throws: ``StoreError`` `userNotFound` or `keyNotFound`.
    func deleteKey(_ key: KeyOfUser, of user: UserKey, by initiator: Initiator, at now: Timestamp) async throws

    // MARK: Guessing

    /// Changes what is counted of tries to guess a password.
    /// - Parameters:
    ///   - account: a name in lower case, which need not be that of a user.
    ///   - body: takes the counts, and the time in seconds.
    /// - Returns: `nil` from an engine that has one daemon, which counts in memory; `body` was not called.
    func changeTries<Value: Sendable>(
        of account: String, from address: String, at now: Timestamp,
        _ body: @escaping @Sendable (inout LoginTries, Int64) -> Value
    ) async throws -> Value?

    /// Removes what is counted for an account.
    func forgetTries(of account: String) async throws

    // MARK: Signing keys

    /// What the keys that sign tokens are made of; `nil` if a daemon has keys of its own, in files.
    func keySalts() async throws -> KeySalts?

    /// Begins another signing key, and retires the current one.
    /// - Returns: `nil` as ``keySalts()``.
    func rotateKeySalts(at now: Timestamp) async throws -> KeySalts?

    // MARK: Audit

    /// Inserts an entry of what changes nothing in the library, such as a failed login.
    func note(
        _ event: AuditEvent, user: String?, by initiator: Initiator, _ detail: String, at now: Timestamp
    ) async throws

    /// The entries after one of them, oldest first, at most ``AuditPage/limit``.
    /// - Parameters:
    ///   - last: the id of the last entry that is known; 0 for none.
    ///   - since: leaves out entries before this time.
    ///   - user: leaves out entries whose user and whose actor have another name, ignoring case.
    func audit(after last: Int64, since: Timestamp?, user: String?) async throws -> [AuditEntry]
}

extension Store {
    /// The caller with the state of the library that is counted in memory.
    package func caller(_ principal: Principal) -> Caller { Caller(principal, changes.current(of: principal.userID)) }

    /// Passes if writes are stored and reads work, as far as is known.
    /// - Throws: ``StoreError`` `notReady`.
    package func checkReadiness(at now: ContinuousClock.Instant = .now) throws {
        if let obstacle = obstacle(at: now) { throw StoreError.notReady(obstacle) }
    }
}
