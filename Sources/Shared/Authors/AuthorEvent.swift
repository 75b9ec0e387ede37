/// One change in the caller's library: the `data` of a server-sent event of `GET /authors/events`, and an entry of the
/// history.
public struct AuthorEvent: Sendable, Equatable, JSONReadable, JSONWritable {
    /// A value of ``event``; an older client can receive values that it does not know.
    public static let created = "created"
    public static let updated = "updated"
    public static let deleted = "deleted"
    /// The name of a server-sent event that carries no `AuthorEvent` but `{}`. Some events are lost, so the client
    /// must read the list again.
    public static let reset = "reset"

    /// Opaque. A client that sends it as `Last-Event-ID` receives all later events.
    public let id: String
    /// ``created``, ``updated`` or ``deleted``. An author whose deletion was undone is created again, with its id.
    public let event: String
    /// When the change happened.
    public let at: Timestamp
    /// The author after the change; of a deletion, the author before it.
    public let author: Author
    /// The values before an update of the fields that it changed; `nil` if they were not kept, and for other events.
    public let old: AuthorValues?
    public let origin: ChangeOrigin

    public init(
        id: String, event: String, at: Timestamp, author: Author, old: AuthorValues? = nil,
        origin: ChangeOrigin = ChangeOrigin()
    ) {
        self.id = id
        self.event = event
        self.at = at
        self.author = author
        self.old = old
        self.origin = origin
    }

    public init(from object: inout ObjectReader) {
        id = object.string("event_id")
        event = object.string("event", .oneOf([Self.created, Self.updated, Self.deleted]))
        at = object.timestamp("at")
        author = Author(from: &object)
        old = object.optionalObject("old", as: OldValues.self)?.values
        origin = ChangeOrigin(from: &object)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("event_id", id)
            $0.member("event", event)
            $0.member("at", at)
            author.writeMembers(to: &$0)
            if let old { $0.member("old", old) }
            origin.writeMembers(to: &$0)
        }
    }
}

/// What made a change. All is `nil` for changes that no client made.
public struct ChangeOrigin: Sendable, Equatable {
    /// The id of the session or the API key.
    public let session: String?
    /// What the session or the key is called.
    public let client: String?
    /// The id of the import of a file, by which it can be undone.
    public let importID: String?

    public init(session: String? = nil, client: String? = nil, importID: String? = nil) {
        (self.session, self.client, self.importID) = (session, client, importID)
    }

    init(from object: inout ObjectReader) {
        session = object.optionalString("session")
        client = object.optionalString("client")
        importID = object.optionalString("import")
    }

    /// Writes the members into an object that is already open.
    public func writeMembers(to json: inout JSONWriter) {
        if let session { json.member("session", session) }
        if let client { json.member("client", client) }
        if let importID { json.member("import", importID) }
    }
}

/// Values of some fields of an author.
struct OldValues: JSONReadable {
    let values: AuthorValues

    init(from object: inout ObjectReader) { values = AuthorValues(from: &object, absent: .allowed) }
}

/// Changes, the newest first: one page of them.
public struct ChangePage: Sendable, Equatable, JSONReadable, JSONWritable {
    public let changes: [AuthorEvent]
    /// The `after` parameter of the request for the next page; `nil` on the last page.
    public let next: String?

    public init(changes: [AuthorEvent], next: String?) {
        self.changes = changes
        self.next = next
    }

    public init(from object: inout ObjectReader) {
        changes = object.array("list_of_changes")
        next = object.nullableString("next")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("list_of_changes", changes)
            $0.member("next", next)
        }
    }
}
