/// How to add many authors: the query of `POST /authors` with a file.
public struct BulkOptions: RequestQuery, Equatable {
    /// What to do with a line whose author, by name and book, exists already.
    public enum Conflict: String, Sendable, CaseIterable {
        /// The line fails.
        case fail
        /// The existing author stays unchanged.
        case skip
        /// The existing author gets the line's country and prize, if the line has them.
        case update
    }

    /// Whether no line takes effect if one line fails.
    public var atomic = false
    /// For lines whose author is in the library already.
    public var onConflict = Conflict.fail
    /// Whether to report what would happen without changing anything.
    public var dryRun = false

    /// The country of new authors whose line has none.
    public var defaultCountry: String?
    /// The id under which the history has the changes, also those of other requests with it; `nil` for the id of the
    /// request.
    public var importID: String?

    public static let shapes = [
        ParameterShape(
            "atomic", .bool, default: .bool(false), example: .bool(true), "All lines of a file, or none."),
        ParameterShape(
            "on_conflict", .text(.oneOf(Conflict.allCases.map(\.rawValue))), default: .string(Conflict.fail.rawValue),
            example: .string(Conflict.update.rawValue), "What becomes of a line whose author is in the library already."
        ),
        ParameterShape(
            "dry_run", .bool, default: .bool(false), example: .bool(true),
            "Reports what a file would do, and stores nothing."),
        ParameterShape(
            "default_country", .text(.stored), example: .string("Ireland"),
            "The country of new authors of a file that have none."),
        ParameterShape(
            "import", .text(.importID), example: .string("2026-11-26-catalogue"),
            "The id by which `POST /authors/undo` knows the changes of this and of other files with it; by default, "
                + "the `X-Request-Id` of the reply, or made of the `Idempotency-Key`."),
    ]
    public static let parameters = shapes.map(\.name)

    /// Whether a line without a country is a fault even if its author exists.
    public var restIsNeeded: Bool { onConflict != .update && defaultCountry == nil }

    public init() {}

    /// Reads the parameters of a request whose names ``QueryItem/check(_:among:)`` has checked.
    /// - Throws: ``InvalidFields`` with every fault.
    public init(items: [QueryItem]) throws(InvalidFields) {
        var faults: [FieldError] = []
        for item in items {
            let flag = ["true": true, "false": false][item.value]
            switch (item.name, flag, Conflict(rawValue: item.value)) {
            case ("atomic", let flag?, _): atomic = flag
            case ("dry_run", let flag?, _): dryRun = flag
            case ("on_conflict", _, let conflict?): onConflict = conflict
            case ("default_country", _, _):
                let country = StoredText.normalized(item.value)
                if let fault = StoredText.fault(in: country, field: item.name) { faults.append(fault) }
                defaultCountry = country
            case ("import", _, _):
                if let fault = ImportID.fault(in: item.value, field: item.name) { faults.append(fault) }
                importID = item.value
            case ("on_conflict", _, nil):
                faults.append(FieldError(item.name, .invalid, "must be fail, skip or update"))
            case ("atomic", nil, _), ("dry_run", nil, _):
                faults.append(FieldError(item.name, .invalid, "must be true or false"))
            default: break
            }
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }

    /// The parameters, without those that have their default value.
    public var items: [QueryItem] { itemsOfContent + (importID.map { [QueryItem("import", $0)] } ?? []) }

    /// The parameters on which the results depend.
    public var itemsOfContent: [QueryItem] {
        var items: [QueryItem] = []
        if atomic { items.append(QueryItem("atomic", "true")) }
        if onConflict != .fail { items.append(QueryItem("on_conflict", onConflict.rawValue)) }
        if dryRun { items.append(QueryItem("dry_run", "true")) }
        if let defaultCountry { items.append(QueryItem("default_country", defaultCountry)) }
        return items
    }
}

/// The result of one line of a file: one line of the reply to `POST /authors` with a file.
public struct BulkResult: Sendable, Equatable, JSONReadable, JSONWritable {
    /// The values of ``outcome`` (`unchanged` is an update without effect); an older client can receive values that
    /// it does not know.
    public enum Outcome: String, Sendable, CaseIterable { case created, updated, unchanged, skipped, failed }

    /// Line number in the input, from 1.
    public var line: Int64
    /// The raw value of an ``Outcome``, or a value that this program does not know.
    public let outcome: String
    /// The id of the author; `nil` if the line failed.
    public var id: Int64?
    /// The code of a failure: the raw value of an ``ErrorCode``, or a code that this program does not know.
    public let code: String?
    /// A text for people about the failure; `nil` if the line did not fail.
    public let message: String?
    /// If the line failed by a conflict, the id of the author that already has its name and book.
    public let existingID: Int64?

    public init(line: Int, _ outcome: Outcome, id: Int64) {
        self.line = Int64(line)
        self.outcome = outcome.rawValue
        self.id = id
        code = nil
        message = nil
        existingID = nil
    }

    public init(line: Int, failed code: ErrorCode, _ message: String, existingID: Int64? = nil) {
        self.line = Int64(line)
        outcome = Outcome.failed.rawValue
        id = nil
        self.code = code.rawValue
        self.message = message
        self.existingID = existingID
    }

    /// Whether the author was created or changed.
    public var isChange: Bool { [Outcome.created, .updated].map(\.rawValue).contains(outcome) }

    /// The result of a line that cannot be read.
    public init(line: Int, _ fault: AuthorLines.Fault) {
        self.init(line: line, failed: fault.code, fault.description)
    }

    public init(from object: inout ObjectReader) {
        line = object.integer("line")
        outcome = object.string("outcome", .oneOf(Outcome.allCases.map(\.rawValue)))
        id = object.optionalInteger("id")
        code = object.optionalString("code")
        message = object.optionalString("message")
        existingID = object.optionalInteger("existing_id")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("line", line)
            $0.member("outcome", outcome)
            if let id { $0.member("id", id) }
            if let code { $0.member("code", code) }
            if let message { $0.member("message", message) }
            if let existingID { $0.member("existing_id", existingID) }
        }
    }
}

extension BulkResult {
    /// The results as NDJSON, one per line.
    public static func ndjson(_ results: [BulkResult]) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 64 * results.count)
        for result in results {
            result.write(to: &json)
            json.endLine()
        }
        return json.bytes
    }

    /// Reads the output of ``ndjson(_:)``.
    /// - Throws: ``JSONSyntaxError``, ``InvalidFields``.
    public static func list(ndjson: [UInt8]) throws -> [BulkResult] {
        try ndjson.split(separator: UInt8(ascii: "\n")).map {
            try BulkResult(json: Array($0), unknownMembers: .ignored)
        }
    }
}
