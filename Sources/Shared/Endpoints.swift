/// All endpoints of the API.
public enum Endpoints {
    // Accounts.
    public static let register = Endpoint<Empty, Registration, Registered>(
        .post, "/register", for: .anyone, repeatable: true,
        Documentation(
            "Creates an account", status: 201, gives: [.rateLimit, .rateLimitPolicy],
            failures: [.nameTaken, .rateLimited, .registrationClosed]))
    /// Takes HTTP Basic credentials and returns the tokens of a new session.
    public static let login = Endpoint<Empty, Empty, Login>(
        .post, "/login", for: .password, repeatable: true,
        Documentation("Opens a session and returns its tokens"))
    /// The same as ``login``, with the method that the origin tutorial uses.
    public static let loginByGet = Endpoint<Empty, Empty, Login>(
        .get, "/login", for: .password,
        Documentation("Opens a session and returns its tokens, as `POST /login` does", storage: .writes))
    /// Exchanges a refresh token for new tokens.
    public static let refresh = Endpoint<Empty, RefreshRequest, Login>(
        .post, "/token/refresh", for: .anyone,
        Documentation(
            "Issues new tokens; the old refresh token becomes invalid",
            "A refresh token that is used again later than 10 seconds after its use ends its session.",
            failures: [.refreshTokenInvalid]))
    /// Proves to a client on this machine that this is the daemon of a login. Changes nothing, and replies to every
    /// user id alike.
    public static let proof = Endpoint<Empty, ProofRequest, Proof>(
        .post, "/proof", for: .anyone, repeatable: true,
        Documentation(
            "Proves that this is the daemon of an earlier login",
            "The proof is an HMAC-SHA256 of the nonce and of the local address of the connection, by the `proof_key` "
                + "of the login. It is made for every user id, whether there is such a user or not.",
            storage: .nothing))
    public static let logout = Endpoint<Empty, Empty, Empty>(
        .post, "/logout", for: .login, Documentation("Ends the session, from the next request on"))
    public static let me = Endpoint<Empty, Empty, User>(.get, "/me", for: .token, Documentation("Your account"))
    /// Also ends the caller's other sessions and API keys.
    public static let changePassword = Endpoint<Empty, PasswordChange, Empty>(
        .put, "/me/password", for: .login,
        Documentation(
            "Sets a password; ends your other sessions and revokes your API keys",
            failures: [.passwordWrong, .rateLimited]))
    /// Takes HTTP Basic credentials, so that a stolen token is not enough to delete an account.
    public static let deleteMe = Endpoint<Empty, Empty, Empty>(
        .delete, "/me", for: .password,
        Documentation("Deletes your account with all its authors", failures: [.lastAdmin]))
    public static let sessions = Endpoint<Empty, Empty, LoginSessionList>(
        .get, "/sessions", for: .login, Documentation("Your logins, the latest first"))
    public static let endSessions = Endpoint<Empty, SessionScope, Empty>(
        .delete, "/sessions", for: .login, Documentation("Ends all other logins, or all"))
    public static let endSession = Endpoint<String, Empty, Empty>(
        .delete, "/sessions/{id}", for: .login, Documentation("Ends one login", failures: [.sessionNotFound]))
    public static let keys = Endpoint<Empty, Empty, APIKeyList>(
        .get, "/keys", for: .login, Documentation("Your API keys, without their secrets"))
    /// The only endpoint whose reply has the secret of a key.
    public static let createKey = Endpoint<Empty, APIKeyRequest, CreatedAPIKey>(
        .post, "/keys", for: .login,
        Documentation(
            "Creates an API key, for a program",
            "The `key` is a Bearer token for `/me` and all paths of authors, until it is revoked or expires. It is "
                + "shown in this reply only.",
            status: 201, failures: [.keyExists, .tooManyKeys]))
    public static let deleteKey = Endpoint<String, Empty, Empty>(
        .delete, "/keys/{id}", for: .login,
        Documentation("Revokes an API key, from the next request on", failures: [.keyNotFound]))
    public static let users = Endpoint<Empty, Empty, UserList>(
        .get, "/users", for: .admin, Documentation("All accounts"))
    public static let updateUser = Endpoint<String, UserPatch, User>(
        .patch, "/users/{public_id}", for: .admin,
        Documentation(
            "Changes an account; disabling logs the user out", failures: [.userNotFound, .lastAdmin]))
    public static let deleteUser = Endpoint<String, Empty, Empty>(
        .delete, "/users/{public_id}", for: .admin,
        Documentation("Deletes an account with all its authors", failures: [.userNotFound, .lastAdmin]))

    // Authors.
    /// Takes one author as JSON. The query parameters are those of ``createAuthors``, which has the same route.
    public static let createAuthor = Endpoint<Empty, AuthorDraft, AuthorReply>(
        .post, "/authors", for: .token, repeatable: true, addition("Adds an author"))
    /// Takes a file of authors, and returns a line of NDJSON for each of its lines. The media type of the body says
    /// whether a request is for this endpoint or for ``createAuthor``.
    public static let createAuthors = Endpoint<AuthorFilePath, BulkOptions, BulkResult>(
        .post, "/authors", for: .token, repeatable: true,
        additionOfFile(
            "Adds the authors of a file", "The reply to a file has a line of NDJSON for each line of the file."))
    /// The same as ``createAuthor``, under the path that the origin tutorial uses.
    public static let createAuthorByOldPath = Endpoint<Empty, AuthorDraft, AuthorReply>(
        .post, "/author", for: .token, repeatable: true, addition("Adds an author, as `POST /authors` does"))
    /// The same as ``createAuthors``, under the path that the origin tutorial uses.
    public static let createAuthorsByOldPath = Endpoint<AuthorFilePath, BulkOptions, BulkResult>(
        .post, "/author", for: .token, repeatable: true,
        additionOfFile("Adds the authors of a file, as `POST /authors` does"))
    private static func addition(_ summary: String) -> Documentation {
        Documentation(
            summary, "The query parameters are for files; with one author they are refused.",
            query: BulkOptions.shapes, status: 201, gives: [.location, .entityTag],
            failures: [.authorExists, .idempotencyKeyReused])
    }

    private static func additionOfFile(_ summary: String, _ details: String = "") -> Documentation {
        Documentation(
            summary, details, sends: .file([.ndjson, .csv]), returns: .file([.ndjson]),
            failures: [.authorExists, .idempotencyKeyReused, .invalidEncoding, .invalidCSV])
    }

    public static let authors = Endpoint<Empty, AuthorQuery, AuthorPage>(
        .get, "/authors", for: .token,
        Documentation(
            "A page of your authors", takes: [.ifNoneMatch], gives: [.entityTag, .link, .vary],
            failures: [.notAcceptable, .eventNotFound, .historyGone]))
    /// The same as ``authors``, with the method that the origin tutorial uses. ``createAuthor`` has the same route, and
    /// whether there is a body says for which endpoint a request is.
    public static let authorsByPost = Endpoint<Empty, Empty, AuthorPage>(
        .post, "/authors", for: .token,
        Documentation(
            "The first page of your authors", "Without a body this is `GET /authors`.",
            gives: [.entityTag, .link, .vary], storage: .reads))
    /// Returns the whole list as a file. `Accept` says whether a request is for this endpoint or for ``authors``.
    public static let authorFile = Endpoint<AuthorFilePath, AuthorQuery, Author>(
        .get, "/authors", for: .token,
        Documentation(
            "All matching authors, as a file",
            "With `Accept: application/x-ndjson` or `text/csv` the reply is the whole list.",
            returns: .file([.ndjson, .csv]), gives: [.vary],
            failures: [.notAcceptable, .eventNotFound, .historyGone]))
    public static let author = Endpoint<Int64, Empty, Author>(
        .get, "/authors/{id}", for: .token,
        Documentation(
            "One author", takes: [.ifNoneMatch], gives: [.entityTag, .vary], failures: [.authorNotFound]))
    public static let updateAuthor = Endpoint<Int64, AuthorPatch, AuthorReply>(
        .patch, "/authors/{id}", for: .token,
        Documentation(
            "Changes the fields that are sent", takes: [.ifMatch, .ifNoneMatch], gives: [.entityTag],
            failures: [.authorNotFound, .authorExists]))
    public static let deleteAuthor = Endpoint<Int64, Empty, AuthorReply>(
        .delete, "/authors/{id}", for: .token,
        Documentation(
            "Deletes an author, and returns it", takes: [.ifMatch, .ifNoneMatch], failures: [.authorNotFound]))
    /// An endless stream of server-sent events (WHATWG HTML, section 9.2); the output is the `data` of one event.
    public static let authorEvents = Endpoint<Empty, EventQuery, AuthorEvent>(
        .get, "/authors/events", for: .token,
        Documentation(
            "Each change of your authors, as it happens",
            "Server-sent events without an end; the `data` of each is an `AuthorEvent`. "
                + "The event `reset` says that some were lost: read the list again.",
            returns: .events, takes: [.lastEventID], gives: [.buffering],
            failures: [.eventNotFound]))
    public static let changes = Endpoint<Empty, ChangeQuery, ChangePage>(
        .get, "/authors/changes", for: .token,
        Documentation(
            "The changes of your authors, the newest first",
            "As far back as they are kept; `history` of `GET /me` says how far.", failures: [.eventNotFound]))
    public static let history = Endpoint<Int64, ChangeQuery, ChangePage>(
        .get, "/authors/{id}/history", for: .token,
        Documentation(
            "The changes of one author, the newest first", "Also of an author that was deleted.",
            failures: [.authorNotFound, .eventNotFound]))
    public static let undo = Endpoint<Empty, UndoRequest, UndoReport>(
        .post, "/authors/undo", for: .token, repeatable: true,
        Documentation(
            "Takes changes back",
            "All or none, as new changes that can be undone in turn. An author that has changed since is "
                + "a conflict, which `errors` names; with `force` it is left as it is.",
            failures: [
                .eventNotFound, .importNotFound, .historyGone, .undoConflict, .libraryChanged, .idempotencyKeyReused,
            ]))

    // The daemon itself. Health ignores query parameters, because some probes add their own.
    public static let live = Endpoint<Empty, Empty, Health>(
        .get, "/livez", for: .anyone, ignoresQuery: true, Documentation("The daemon runs"))
    /// Replies with a ``Problem`` unless the database can be read and written.
    public static let ready = Endpoint<Empty, Empty, Health>(
        .get, "/readyz", for: .anyone, ignoresQuery: true,
        Documentation("The daemon can write", failures: [.notReady]))
    /// The same as ``live``, under the name that older probes use.
    public static let healthz = Endpoint<Empty, Empty, Health>(
        .get, "/healthz", for: .anyone, ignoresQuery: true, Documentation("The daemon runs, as `GET /livez` says"))
    public static let welcome = Endpoint<Empty, Empty, Welcome>(
        .get, "/", for: .anyone,
        Documentation(
            "What this is, and where it is described", "A browser gets a page.", returns: .page,
            gives: [.vary, .contentSecurityPolicy, .referrerPolicy]))
    public static let document = Endpoint<Empty, Empty, Empty>(
        .get, "/openapi.json", for: .anyone,
        Documentation(
            "The API as an OpenAPI document", returns: .other(["application/json"]), takes: [.ifNoneMatch],
            gives: [.entityTag]))

    /// The output is text in the format of Prometheus, version 0.0.4.
    public static let metrics = Endpoint<Empty, Empty, Empty>(
        .get, "/metrics", for: .local,
        Documentation(
            "Numbers in the format of Prometheus", returns: .other(["text/plain"]), storage: .nothing))

    /// Every endpoint, without its types.
    public static let all: [Operation] = [
        register.operation, login.operation, loginByGet.operation, refresh.operation, proof.operation,
        logout.operation, me.operation, changePassword.operation, deleteMe.operation, sessions.operation,
        endSessions.operation, endSession.operation, keys.operation, createKey.operation, deleteKey.operation,
        users.operation, updateUser.operation, deleteUser.operation,
        createAuthor.operation, createAuthors.operation, createAuthorByOldPath.operation,
        createAuthorsByOldPath.operation, authors.operation, authorsByPost.operation, authorFile.operation,
        author.operation, updateAuthor.operation, deleteAuthor.operation, authorEvents.operation, changes.operation,
        history.operation, undo.operation, live.operation, ready.operation, healthz.operation, welcome.operation,
        document.operation,
        metrics.operation,
    ]
}

/// The `message` of successful replies. Where the origin tutorial has a message, it is the same text.
public enum Message {
    public static let registered = "registered successfully"
    public static let keyCreated = "API key created"
    public static let created = "new author created"
    public static let updated = "author updated"
    public static let unchanged = "author unchanged"
    public static let deleted = "Author deleted"

    public static let undone = "changes undone"
    public static let wouldUndo = "nothing was changed"

    /// The messages of ``UndoReport``.
    static let ofUndo = [undone, wouldUndo]
    /// The messages of ``AuthorReply``.
    static let ofAuthors = [created, updated, unchanged, deleted]
}
