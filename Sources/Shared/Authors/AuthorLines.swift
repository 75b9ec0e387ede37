/// Reads authors one at a time from CSV or NDJSON that arrives in pieces. Memory does not grow with the size of the
/// input.
public struct AuthorLines: Sendable {
    /// The format of a file of authors.
    public enum Format: String, Sendable, CaseIterable {
        /// CSV (RFC 4180). The first line names the columns: `name`, `book`, `country` and `booker_prize`, in any
        /// order.
        case csv
        /// One JSON object on each line.
        case ndjson

        public var mediaType: String {
            switch self {
            case .csv: "text/csv"
            case .ndjson: "application/x-ndjson"
            }
        }
    }

    /// One author of the input, or one faulty line.
    public struct Line: Sendable {
        /// Line number, from 1; of a CSV record with several lines, the number of the first line.
        public let number: Int
        /// The fields of a faulty line, without quotes (CSV), or the whole faulty line (NDJSON). Empty for a valid
        /// line, and for a record that cannot be split into fields.
        public let fields: [[UInt8]]
        /// The line's values in the form in which they are stored, or its fault.
        public let entry: Result<AuthorValues, Fault>
    }

    /// Why a line, or the whole file, cannot be read.
    public enum Fault: Error, Equatable, CustomStringConvertible {
        /// The line is not CSV, not JSON or not UTF-8.
        case syntax(String)
        /// The line has an unknown field or an invalid value.
        case invalid(InvalidFields)
        /// The header of a CSV file lacks the column of this name.
        case missingColumn(String)

        public var description: String {
            switch self {
            case .syntax(let reason): reason
            case .invalid(let invalid): invalid.description
            case .missingColumn(let name): "line 1: the column '\(name)' is missing"
            }
        }
    }

    private let format: Format
    private let unknownMembers: UnknownMembers
    private let names: [String: String]
    private let defaults: [String: String]
    private let restIsNeeded: Bool
    /// The names of fields by the names that the file has for them.
    private let fields: [String: String]
    private var records: RecordReader
    /// The field of each CSV column; `nil` for a column that sets no field.
    private var columns: [AuthorField?]?
    private var isFirst = true
    /// Names of columns and members that are not fields of an author: each name once, at most 100 names.
    public private(set) var unknownNames: [String] = []

    /// - Parameters:
    ///   - separator: the separator of the fields of a CSV file.
    ///   - names: the file's own names of columns or members, by the name of the field: `["name": "Author"]`.
    ///   - defaults: the text that lines without a value get, by the name of the field.
    ///   - restIsNeeded: whether a line needs the required fields that are not part of the key. If not, an absent
    ///     field has no value.
    ///   - unknownMembers: whether a column or member that is not a field of an author is a fault, or is only added
    ///     to ``unknownNames``.
    public init(
        _ format: Format, separator: UInt8 = UInt8(ascii: ","), names: [String: String] = [:],
        defaults: [String: String] = [:], restIsNeeded: Bool = true, unknownMembers: UnknownMembers
    ) {
        self.format = format
        self.restIsNeeded = restIsNeeded
        self.unknownMembers = unknownMembers
        self.names = names
        self.defaults = defaults
        fields = Dictionary(names.map { ($1, $0) }) { first, _ in first }
        records = RecordReader(csv: format == .csv, separator: separator)
    }

    /// Adds a piece of the input, which ``next(atEnd:)`` then reads.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        records.append(bytes)
    }

    /// The next line. `nil` if the line is not complete yet, or, at the end of the input, if no line is left.
    /// - Throws: ``Fault`` if a CSV header is missing, lacks a column or is malformed, because then no line can be
    ///   read.
    public mutating func next(atEnd: Bool) throws(Fault) -> Line? {
        while var record = records.next(atEnd: atEnd) {
            if isFirst {
                isFirst = false
                record = Self.withoutByteOrderMark(record)
            }
            if format == .ndjson {
                if record.fault == nil, record.fields[0].allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
                return Line(record, Result { () throws(Fault) in try object(record) })
            }
            guard let columns else {
                self.columns = try header(record)
                continue
            }
            return Line(record, Result { () throws(Fault) in try self.row(record, columns) })
        }
        if atEnd, format == .csv, columns == nil { throw .syntax("there is no header line") }
        return nil
    }

    private mutating func header(_ record: RecordReader.Record) throws(Fault) -> [AuthorField?] {
        let own = Dictionary(names.map { (Self.folded($1), $0) }) { first, _ in first }
        let texts = try Self.texts(record).map(Self.folded)
        let columns = texts.map { own[$0] ?? (names[$0] == nil ? $0 : "") }
        let needed = AuthorField.writable.filter { $0.isKey || $0.isRequired && restIsNeeded }.map(\.name)
        for column in needed where !columns.contains(column) && defaults[column] == nil {
            throw .missingColumn(names[column] ?? column)
        }
        let known = columns.filter { Author.fieldNames.contains($0) }
        guard Set(known).count == known.count else { throw .syntax("line 1: a column is named twice") }
        for (text, column) in zip(texts, columns) where !Author.fieldNames.contains(column) {
            if unknownMembers == .rejected {
                throw .syntax("line 1: '\(Self.shortened(text))' is not a field of an author")
            }
            unknown(text)
        }
        return columns.map { AuthorField(name: $0).flatMap { $0.isWritable ? $0 : nil } }
    }

    private static func folded(_ text: String) -> String { StoredText.normalized(text).lowercased() }

    private func row(_ record: RecordReader.Record, _ columns: [AuthorField?]) throws(Fault) -> AuthorValues {
        let fields = try Self.texts(record)
        guard fields.count == columns.count else {
            throw .syntax("\(fields.count) fields where the header has \(columns.count)")
        }
        var entry = AuthorValues()
        for case (let field?, let text) in zip(columns, fields) {
            if field.kind == .flag {
                entry[flag: field] = try Self.flag(text, field)
            } else {
                entry[text: field] = text
            }
        }
        return try validated(entry)
    }

    private static func flag(_ text: String, _ field: AuthorField) throws(Fault) -> Bool? {
        switch folded(text) {
        case "true", "yes", "1": return true
        case "false", "no", "0": return false
        case "": return nil
        default:
            throw .invalid(
                InvalidFields([
                    FieldError(field.name, .wrongType, "must be true or false, not '\(text.prefix(40))'")
                ]))
        }
    }

    private mutating func object(_ record: RecordReader.Record) throws(Fault) -> AuthorValues {
        if let fault = record.fault { throw .syntax(fault) }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: record.fields[0])
        } catch {
            throw .syntax("not JSON: \(error)")
        }
        var reader = ObjectReader(renamed(value))
        let entry = AuthorValues(from: &reader, absent: .allowedBeyondKey)
        do {
            try reader.finish(.ignored)
        } catch {
            throw .invalid(error)
        }
        // The members that the daemon adds to an author (id, times, version) are skipped: an exported file can be
        // imported.
        for name in reader.unknownNames where !Author.fieldNames.contains(name) {
            if unknownMembers == .rejected {
                throw .invalid(
                    InvalidFields([FieldError(Self.shortened(name), .unknownField, "is not a field of an author")]))
            }
            unknown(name)
        }
        return try validated(entry)
    }

    private func renamed(_ value: JSONValue) -> JSONValue {
        guard !(fields.isEmpty && defaults.isEmpty), case .object(var members) = value else { return value }
        members = members.map { JSONValue.Member(name: fields[$0.name] ?? $0.name, value: $0.value) }
            .filter { $0.value != .null || defaults[$0.name] == nil }
        for (name, text) in defaults where !members.contains(where: { $0.name == name }) {
            members.append(JSONValue.Member(name: name, value: .string(text)))
        }
        return .object(members)
    }

    private func validated(_ entry: AuthorValues) throws(Fault) -> AuthorValues {
        var entry = entry
        for field in AuthorField.texts {
            // A file without a column of the key gets the default; without a default, the empty text is a fault.
            let text = entry[text: field] ?? (field.isKey ? "" : nil)
            guard text.map(StoredText.isBlank) ?? true else { continue }
            entry[text: field] = defaults[field.name] ?? text
        }
        do {
            return try entry.validatedLine(restIsNeeded: restIsNeeded)
        } catch {
            throw .invalid(error)
        }
    }

    private static func texts(_ record: RecordReader.Record) throws(Fault) -> [String] {
        if let fault = record.fault { throw .syntax(fault) }
        var texts: [String] = []
        for field in record.fields {
            guard let text = String(validating: field, as: UTF8.self) else { throw .syntax("not valid UTF-8") }
            texts.append(text)
        }
        return texts
    }

    private static func withoutByteOrderMark(_ record: RecordReader.Record) -> RecordReader.Record {
        guard let first = record.fields.first, first.starts(with: [0xEF, 0xBB, 0xBF]) else { return record }
        return RecordReader.Record(
            line: record.line, fields: [Array(first.dropFirst(3))] + record.fields.dropFirst(), fault: record.fault)
    }

    /// Cut to 64 characters, because a hostile file can have names of any length.
    private static func shortened(_ name: String) -> String {
        let scalars = name.unicodeScalars
        return scalars.count > 64 ? String(scalars.prefix(64)) + "…" : name
    }

    /// Stores at most 100 names, because a hostile file can have any number of names.
    private mutating func unknown(_ name: String) {
        let name = Self.shortened(name)
        if unknownNames.count < 100, !unknownNames.contains(name) { unknownNames.append(name) }
    }
}

extension AuthorLines.Line {
    fileprivate init(_ record: RecordReader.Record, _ entry: Result<AuthorValues, AuthorLines.Fault>) {
        number = record.line
        self.entry = entry
        if case .failure = entry { fields = record.fields } else { fields = [] }
    }
}
