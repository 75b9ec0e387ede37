/// One change in the caller's library: the `data` of a server-sent event of `GET /authors/events`.
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
    /// ``created``, ``updated`` or ``deleted``.
    public let event: String
    /// When the change happened.
    public let at: Timestamp
    /// The author after the change; of a deletion, the author before it.
    public let author: Author

    public init(id: String, event: String, at: Timestamp, author: Author) {
        self.id = id
        self.event = event
        self.at = at
        self.author = author
    }

    public init(from object: inout ObjectReader) {
        id = object.string("event_id")
        event = object.string("event", .oneOf([Self.created, Self.updated, Self.deleted]))
        at = object.timestamp("at")
        author = Author(from: &object)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("event_id", id)
            $0.member("event", event)
            $0.member("at", at)
            author.writeMembers(to: &$0)
        }
    }
}
