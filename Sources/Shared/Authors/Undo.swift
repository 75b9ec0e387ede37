/// Which changes to take back: the body of `POST /authors/undo`. It has one of ``event``, ``last`` and ``importID``.
public struct UndoRequest: Sendable, Equatable, JSONReadable, JSONWritable {
    /// The id of one change.
    public var event: String?
    /// How many of the last changes.
    public var last: Int64?
    /// The id of an import, all of whose changes are meant.
    public var importID: String?
    /// Whether to report what would happen without changing anything.
    public var dryRun: Bool?
    /// Whether authors that have changed since are left as they are; otherwise they are a conflict.
    public var force: Bool?
    /// The id of the last change that the client knows of; if there is a later one, nothing happens.
    public var expectedEvent: String?

    /// Changes that one request takes back at most.
    public static let mostChanges: Int64 = 100_000

    public init(event: String? = nil, last: Int64? = nil, importID: String? = nil) {
        (self.event, self.last, self.importID) = (event, last, importID)
    }

    public init(from object: inout ObjectReader) {
        event = object.optionalString("event", .eventID)
        last = object.optionalInteger("last", minimum: 1, maximum: Self.mostChanges)
        importID = object.optionalString("import", .importID)
        dryRun = object.optionalBool("dry_run")
        force = object.optionalBool("force")
        expectedEvent = object.optionalString("expected_event", .eventID)
        object.requireOne(of: ["event", "last", "import"])
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            if let event { $0.member("event", event) }
            if let last { $0.member("last", last) }
            if let importID { $0.member("import", importID) }
            if let dryRun { $0.member("dry_run", dryRun) }
            if let force { $0.member("force", force) }
            if let expectedEvent { $0.member("expected_event", expectedEvent) }
        }
    }

    /// - Throws: ``InvalidFields`` with every fault.
    public func validated() throws(InvalidFields) -> UndoRequest {
        var faults: [FieldError] = []
        for (name, id) in [("event", event), ("expected_event", expectedEvent)] {
            if let id, !HistoryPoint.isEventID(id) {
                faults.append(FieldError(name, .invalid, "must be the event_id of a change"))
            }
        }
        if let last, !(1...Self.mostChanges).contains(last) {
            faults.append(FieldError("last", .invalid, "must be a number from 1 to \(Self.mostChanges)"))
        }
        if let importID, let fault = ImportID.fault(in: importID, field: "import") { faults.append(fault) }
        guard faults.isEmpty else { throw InvalidFields(faults) }
        return self
    }
}

/// The id of an import, which the client chooses.
public enum ImportID {
    public static let maximumLength = 64
    /// A regular expression of ECMA 262 that every id matches.
    static let pattern = "^[A-Za-z0-9_-]{1,\(maximumLength)}$"

    static func fault(in text: String, field: String) -> FieldError? {
        let isRight =
            (1...maximumLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        return isRight
            ? nil : FieldError(field, .invalid, "must be 1 to \(maximumLength) letters, digits, - and _ of ASCII")
    }
}

/// What taking changes back did, or would do.
public struct UndoReport: Sendable, Equatable, JSONReadable, JSONWritable {
    /// One of the texts in ``Message``.
    public var message: String
    /// The id of the library's last change; of a dry run, before anything was changed.
    public var eventID: String
    /// Number of changes that were taken back.
    public var undone: Int64
    /// Number of authors that were created again.
    public var created: Int64
    /// Number of authors that got earlier values.
    public var updated: Int64
    /// Number of authors that were deleted.
    public var deleted: Int64
    /// Number of authors that were left as they are, because they have changed since.
    public var skipped: Int64
    /// What became of the first ``listed`` authors.
    public var changes: [UndoneChange]
    /// Of the authors that were left, the first ``listed``.
    public var obstacles: [UndoObstacle]

    /// Authors that a report lists at most; the others are only counted.
    public static let listed = 100

    public init(
        _ message: String, eventID: String, undone: Int64, created: Int64, updated: Int64, deleted: Int64,
        skipped: Int64, changes: [UndoneChange], obstacles: [UndoObstacle]
    ) {
        self.message = message
        self.eventID = eventID
        self.undone = undone
        (self.created, self.updated, self.deleted, self.skipped) = (created, updated, deleted, skipped)
        (self.changes, self.obstacles) = (changes, obstacles)
    }

    public init(from object: inout ObjectReader) {
        message = object.string("message", .oneOf(Message.ofUndo))
        eventID = object.string("event_id")
        undone = object.integer("undone")
        created = object.integer("created")
        updated = object.integer("updated")
        deleted = object.integer("deleted")
        skipped = object.integer("skipped")
        changes = object.array("list_of_changes")
        obstacles = object.array("list_of_skipped")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("message", message)
            $0.member("event_id", eventID)
            $0.member("undone", undone)
            $0.member("created", created)
            $0.member("updated", updated)
            $0.member("deleted", deleted)
            $0.member("skipped", skipped)
            $0.member("list_of_changes", changes)
            $0.member("list_of_skipped", obstacles)
        }
    }
}

/// What becomes of one author when changes are taken back.
public struct UndoneChange: Sendable, Equatable, JSONReadable, JSONWritable {
    /// As ``AuthorEvent/event``.
    public let event: String
    /// The author afterwards; of a deletion, before it.
    public let author: Author
    /// As ``AuthorEvent/old``.
    public let old: AuthorValues?

    public init(event: String, author: Author, old: AuthorValues?) {
        (self.event, self.author, self.old) = (event, author, old)
    }

    public init(from object: inout ObjectReader) {
        event = object.string("event", .oneOf([AuthorEvent.created, AuthorEvent.updated, AuthorEvent.deleted]))
        author = Author(from: &object)
        old = object.optionalObject("old", as: OldValues.self)?.values
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("event", event)
            author.writeMembers(to: &$0)
            if let old { $0.member("old", old) }
        }
    }
}

/// An author whose change cannot be taken back.
public struct UndoObstacle: Sendable, Equatable, JSONReadable, JSONWritable {
    public let id: Int64
    public let name: String
    public let book: String
    /// A phrase that follows the author, such as `has changed since`.
    public let reason: String

    public init(id: Int64, name: String, book: String, reason: String) {
        (self.id, self.name, self.book, self.reason) = (id, name, book, reason)
    }

    public init(from object: inout ObjectReader) {
        id = object.integer("id")
        name = object.string("name")
        book = object.string("book")
        reason = object.string("reason")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", id)
            $0.member("name", name)
            $0.member("book", book)
            $0.member("reason", reason)
        }
    }
}
