/// One change of the caller's library: the `data` of one server-sent event of `GET /authors/events`.
public struct AuthorEvent: Sendable, Equatable, JSONReadable, JSONWritable {
    /// What happened; more may come.
    public static let created = "created"
    public static let updated = "updated"
    public static let deleted = "deleted"
    /// Events are missing, so the list must be read again: the name of a server-sent event that is no `AuthorEvent`;
    /// its data is `{}`.
    public static let reset = "reset"

    /// Opaque; sent as `Last-Event-ID` it asks for all that happened later.
    public let id: String
    public let event: String
    public let at: Timestamp
    /// As it was after the change, or before its deletion.
    public let author: Author

    public init(id: String, event: String, at: Timestamp, author: Author) {
        self.id = id
        self.event = event
        self.at = at
        self.author = author
    }

    public init(from object: inout ObjectReader) {
        id = object.string("event_id")
        event = object.string("event")
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
