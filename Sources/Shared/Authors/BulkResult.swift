/// How to add many authors: the query of `POST /authors` with a file.
public struct BulkOptions: Sendable, Equatable {
    public enum Conflict: String, Sendable, CaseIterable {
        /// The line fails.
        case fail
        /// The author that is there stays.
        case skip
        /// The author that is there takes the country and the prize that the line has.
        case update
    }

    /// All lines or none.
    public var atomic = false
    /// What to do with an author, by name and book, that is in the library already.
    public var onConflict = Conflict.fail
    /// Tell what would happen, and change nothing.
    public var dryRun = false

    /// The country of authors that are created by lines without one.
    public var defaultCountry: String?

    static let parameters = ["atomic", "on_conflict", "dry_run", "default_country"]

    /// Whether a line without a country is a fault, whatever the library has.
    public var restIsNeeded: Bool { onConflict != .update && defaultCountry == nil }

    public init() {}

    /// Reads the parameters of a request. Its endpoint has seen to it that there are no others.
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
            case ("on_conflict", _, nil):
                faults.append(FieldError(item.name, .invalid, "must be fail, skip or update"))
            case ("atomic", nil, _), ("dry_run", nil, _):
                faults.append(FieldError(item.name, .invalid, "must be true or false"))
            default: break
            }
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }

    public var items: [QueryItem] {
        var items: [QueryItem] = []
        if atomic { items.append(QueryItem("atomic", "true")) }
        if onConflict != .fail { items.append(QueryItem("on_conflict", onConflict.rawValue)) }
        if dryRun { items.append(QueryItem("dry_run", "true")) }
        if let defaultCountry { items.append(QueryItem("default_country", defaultCountry)) }
        return items
    }
}

/// What became of one line: one line of the reply to `POST /authors` with a file.
public struct BulkResult: Sendable, Equatable, JSONReadable, JSONWritable {
    /// `created`, `updated`, `unchanged` (an update that changes nothing), `skipped` or `failed`; more may come.
    public enum Outcome: String, Sendable { case created, updated, unchanged, skipped, failed }

    /// The number of the line in the input, from 1.
    public var line: Int64
    public let outcome: String
    /// The author's, unless the line failed.
    public var id: Int64?
    /// The code of a failure: an ``ErrorCode``, or one that is younger than this program.
    public let code: String?
    public let message: String?
    /// The author that is in the way, of a conflict.
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

    /// The result of a line that cannot be read.
    public init(line: Int, _ fault: AuthorLines.Fault) {
        let code: ErrorCode =
            switch fault {
            case .syntax, .missingColumn: .invalidJSON
            case .invalid: .invalidFields
            }
        self.init(line: line, failed: code, fault.description)
    }

    public init(from object: inout ObjectReader) {
        line = object.integer("line")
        outcome = object.string("outcome")
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
    /// One line each.
    public static func ndjson(_ results: [BulkResult]) -> [UInt8] {
        var bytes: [UInt8] = []
        for result in results {
            bytes += result.json
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// Reads what ``ndjson(_:)`` writes.
    /// - Throws: ``JSONSyntaxError``, ``InvalidFields``.
    public static func list(ndjson: [UInt8]) throws -> [BulkResult] {
        try ndjson.split(separator: UInt8(ascii: "\n")).map {
            try BulkResult(json: Array($0), unknownMembers: .ignored)
        }
    }
}
