/// Reads authors one at a time from CSV or JSON that arrives in pieces. Memory does not grow with the size of the
/// input.
public struct AuthorLines: Sendable {
    private let format: Format
    private let unknownMembers: UnknownMembers
    private let names: [String: String]
    private let columnNames: ColumnNames
    private let defaults: [String: String]
    private let restIsNeeded: Bool
    private let texts: KeptTexts
    private var csv: CSVRecords
    private var json = JSONRecords()
    /// The field of each CSV column; `nil` for a column that sets no field.
    private var columns: [AuthorField?]?
    /// Whether the file is TSV as libctl writes it, with the escapes of ``Escaping/tsv(_:)`` and without quotes.
    private var isEscaped = false
    /// The header line of a CSV file as it is in the input, if texts were asked for.
    public private(set) var header: [UInt8]?
    /// Names of columns and members that are not fields of an author: each name once, at most 100 names.
    public private(set) var unknownNames: [String] = []
    /// Whether the input has the ids that authors had where they come from.
    public private(set) var hasIDs = false

    /// - Parameters:
    ///   - separator: the separator of the fields of a CSV file; `nil` for a comma, or what the first line names.
    ///   - names: the file's own names of columns or members, by the name of the field: `["name": "Author"]`.
    ///   - defaults: the text that lines without a value get, by the name of the field.
    ///   - restIsNeeded: whether a line needs the required fields that are not part of the key. If not, an absent
    ///     field has no value.
    ///   - texts: the lines that have their text. Of a hostile file, each may have 1 MiB.
    ///   - unknownMembers: whether a column or member that is not a field of an author is a fault, or is only added
    ///     to ``unknownNames``.
    public init(
        _ format: Format, separator: UInt8? = nil, names: [String: String] = [:], defaults: [String: String] = [:],
        restIsNeeded: Bool = true, texts: KeptTexts = .ofFaultyLines, unknownMembers: UnknownMembers
    ) {
        self.format = format
        self.restIsNeeded = restIsNeeded
        self.unknownMembers = unknownMembers
        self.names = names
        self.defaults = defaults
        self.texts = texts
        columnNames = ColumnNames(names)
        csv = CSVRecords(separator: separator)
    }

    /// Whether ``Line/number`` counts the elements of a JSON array.
    public var areElements: Bool { json.areElements }

    /// Adds a piece of the input, which ``next(atEnd:)`` then reads.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        if format == .csv { csv.append(bytes) } else { json.append(bytes) }
    }

    /// The next line. `nil` if the line is not complete yet, or, at the end of the input, if no line is left.
    /// - Throws: ``Fault`` if a CSV header is missing, lacks a column or is malformed, because then no line can be
    ///   read.
    public mutating func next(atEnd: Bool) throws(Fault) -> Line? {
        guard format == .csv else {
            guard let record = json.next(atEnd: atEnd) else { return nil }
            return line(record, Result { () throws(Fault) in try object(record) })
        }
        while let record = csv.next(atEnd: atEnd) {
            guard let columns else {
                try readHeader(record)
                continue
            }
            return line(record, Result { () throws(Fault) in try self.row(record, columns) })
        }
        if atEnd, columns == nil { throw .header("there is no header line") }
        return nil
    }

    private func line(_ record: Record, _ entry: Result<AuthorValues, Fault>) -> Line {
        let isNeeded =
            switch texts {
            case .ofNoLines: false
            case .ofFaultyLines: if case .failure = entry { true } else { false }
            case .ofAllLines: true
            }
        let text = !isNeeded ? nil : format == .csv ? csv.text : record.content.isEmpty ? nil : record.content
        return Line(number: record.number, text: text, entry: entry)
    }

    // MARK: CSV

    private mutating func readHeader(_ record: Record) throws(Fault) {
        if let fault = record.fault { throw .csv("line \(record.number): \(fault)") }
        if unknownMembers == .ignored, names.isEmpty, Self.isListRow(record), csv.text != nil {
            isEscaped = csv.separator == .tab
            csv.hasQuotes = !isEscaped
            csv.reread()
            return try setColumns(Self.listColumns)
        }
        let cells = record.cells
        isEscaped = csv.separator == .tab && cells.contains(AuthorField.bookerPrize.name)
        csv.hasQuotes = !isEscaped
        if texts == .ofAllLines { header = csv.text }
        do {
            try setColumns(cells)
        } catch .missingColumn(let name) {
            let isText = String(validating: record.content, as: UTF8.self) != nil && !record.content.contains(0)
            throw isText ? .missingColumn(name) : .encoding("line \(record.number) is not text in UTF-8")
        }
    }

    /// The columns that a list has without `--fields`, in a pipe also without a header.
    private static let listColumns = [AuthorField.id.name] + AuthorField.writable.map(\.name)

    /// Whether a first record is not a header but a row of a list that libctl has printed.
    package static func isListRow(_ record: Record) -> Bool {
        guard record.count == listColumns.count else { return false }
        return listColumns.enumerated().allSatisfy { index, name in
            let cell = record.cell(index)
            return switch AuthorField(name: name)?.kind {
            case .integer: !cell.isEmpty && cell.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            case .flag: cell.elementsEqual("true".utf8) || cell.elementsEqual("false".utf8)
            default: true
            }
        }
    }

    /// Sets the columns of a CSV file without a header line.
    /// - Throws: ``Fault`` if one is missing.
    public mutating func setColumns(_ cells: [String]) throws(Fault) {
        let fields = cells.map(columnNames.field)
        let needed = AuthorField.writable.filter { $0.isKey || $0.isRequired && restIsNeeded }.map(\.name)
        for field in needed where !fields.contains(field) && defaults[field] == nil {
            throw .missingColumn(names[field] ?? field)
        }
        let known = fields.compactMap { $0 }
        guard Set(known).count == known.count else { throw .header("line 1: a column is named twice") }
        hasIDs = known.contains(AuthorField.id.name)
        for (cell, field) in zip(cells, fields) where field == nil {
            let name = StoredText.normalized(cell)
            if unknownMembers == .rejected {
                throw .header("line 1: '\(Self.shortened(name))' is not a field of an author")
            }
            if !name.isEmpty { unknown(name) }
        }
        let columns = fields.map { $0.flatMap { AuthorField(name: $0) }.flatMap { $0.isWritable ? $0 : nil } }
        self.columns = columns
        csv.needed = columns.map { $0 != nil }
    }

    private func row(_ record: Record, _ columns: [AuthorField?]) throws(Fault) -> AuthorValues {
        if let fault = record.fault { throw .csv(fault) }
        // Spreadsheets leave out or add empty cells at the end of rows.
        let hasMore =
            record.count > columns.count
            && (columns.count..<record.count).contains { record.cell($0).contains { !$0.isBlank } }
        guard !hasMore, !record.isReread || record.count == columns.count else {
            throw .csv("\(record.count) fields where the header has \(columns.count)")
        }
        var entry = AuthorValues()
        for (index, field) in columns.enumerated() {
            guard let field else { continue }
            guard var text = String(utf8: record.cell(index)) else {
                throw .encoding("\(field.name) is not valid UTF-8")
            }
            if field.kind == .flag {
                entry[flag: field] = try Self.flag(text, field)
            } else {
                if isEscaped { text = Escaping.fromTSV(text) }
                entry[text: field] = text
            }
        }
        return try validated(entry)
    }

    private static func flag(_ text: String, _ field: AuthorField) throws(Fault) -> Bool? {
        if text.isEmpty || StoredText.isBlank(text) { return nil }
        guard let value = BooleanText.value(text) else {
            throw .invalid(InvalidFields([FieldError(field.name, .wrongType, BooleanText.fault(in: text))]))
        }
        return value
    }

    // MARK: JSON

    private mutating func object(_ record: Record) throws(Fault) -> AuthorValues {
        if let fault = record.fault { throw .json(fault) }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: record.content, numbersAsText: true)
        } catch {
            let isText = String(validating: record.content, as: UTF8.self) != nil
            throw isText ? .json("not JSON: \(error)") : .encoding("not valid UTF-8")
        }
        var reader = ObjectReader(columnNames.renamed(value, defaults: defaults))
        let entry = AuthorValues(from: &reader, absent: .allowedBeyondKey)
        do {
            try reader.finish(.ignored)
        } catch {
            throw .invalid(error)
        }
        // The members that the daemon adds to an author (id, times, version) are skipped: an exported file can be
        // imported.
        for name in reader.unknownNames {
            if Author.fieldNames.contains(name) {
                hasIDs = hasIDs || name == AuthorField.id.name
                continue
            }
            if unknownMembers == .rejected {
                throw .invalid(
                    InvalidFields([FieldError(Self.shortened(name), .unknownField, "is not a field of an author")]))
            }
            unknown(name)
        }
        return try validated(entry)
    }

    // MARK: Both

    private func validated(_ entry: AuthorValues) throws(Fault) -> AuthorValues {
        var entry = entry
        if !defaults.isEmpty || AuthorField.texts.contains(where: { $0.isKey && !entry.has($0) }) {
            for field in AuthorField.texts {
                // A file without a column of the key gets the default; without a default, the empty text is a fault.
                let text = entry[text: field] ?? (field.isKey ? "" : nil)
                guard text.map(StoredText.isBlank) ?? true else { continue }
                entry[text: field] = defaults[field.name] ?? text
            }
        }
        do {
            return try entry.validatedLine(restIsNeeded: restIsNeeded)
        } catch {
            throw .invalid(error)
        }
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
