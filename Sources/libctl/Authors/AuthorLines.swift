import Shared

/// The authors of a CSV or NDJSON file, one at a time, whatever the size of the file.
final class AuthorLines {
    struct Line {
        /// Counted from 1; a CSV record that spans several has the number of its first.
        let number: Int
        /// The author, or why the line has none.
        let draft: () throws -> AuthorDraft
    }

    private enum Source {
        case csv(CSVReader, columns: [String])
        case ndjson
    }

    private let reader: Reader
    private let warn: (String) -> Void
    private let source: Source
    private var number = 0
    private var named: Set<String> = []

    /// - Parameter warn: told once of each unknown column or member.
    /// - Throws: ``CommandFailure`` `unparseable` if a CSV header has not what is needed.
    init(_ reader: Reader, format: FileFormat?, warn: @escaping (String) -> Void) throws {
        self.reader = reader
        self.warn = warn
        try Self.skipByteOrderMark(reader)
        if try format ?? Self.guess(reader) == .ndjson {
            source = .ndjson
            return
        }
        let csv = CSVReader(reader)
        let columns = try csv.next()?.fields().map { StoredText.normalized($0).lowercased() } ?? []
        source = .csv(csv, columns: columns)
        for column in ["name", "book", "country"] where !columns.contains(column) {
            throw CommandFailure(
                .unparseable, "line 1: the column '\(column)' is missing",
                hint: "the first line must name the columns: name,book,country,booker_prize")
        }
        guard Set(columns).count == columns.count else {
            throw CommandFailure(.unparseable, "line 1: a column is named twice")
        }
        columns.forEach(tellOnce)
    }

    func next() throws -> Line? {
        switch source {
        case .csv(let csv, let columns):
            guard let record = try csv.next() else { return nil }
            return Line(number: record.line) { try Self.draft(record, columns) }
        case .ndjson:
            while let bytes = try reader.line() {
                number += 1
                if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
                return Line(number: number) { try self.draft(bytes) }
            }
            return nil
        }
    }

    private static func draft(_ record: CSVReader.Record, _ columns: [String]) throws -> AuthorDraft {
        let fields = try record.fields()
        guard fields.count == columns.count else {
            throw CommandFailure(.unparseable, "\(fields.count) fields where the header has \(columns.count)")
        }
        var draft = AuthorDraft(name: "", book: "", country: "")
        for (column, field) in zip(columns, fields) {
            switch column {
            case "name": draft.name = field
            case "book": draft.book = field
            case "country": draft.country = field
            case "booker_prize": draft.bookerPrize = try flag(field)
            default: break
            }
        }
        return draft
    }

    private static func flag(_ text: String) throws -> Bool {
        switch StoredText.normalized(text).lowercased() {
        case "true", "yes", "1": return true
        case "false", "no", "0", "": return false
        default: throw CommandFailure(.invalid, "booker_prize must be true or false, not '\(text)'")
        }
    }

    private func draft(_ bytes: [UInt8]) throws -> AuthorDraft {
        do {
            var object = ObjectReader(try JSONValue(parsing: bytes))
            let draft = AuthorDraft(from: &object)
            try object.finish(.ignored)
            object.unknownNames.forEach(tellOnce)
            return draft
        } catch let error as JSONSyntaxError {
            throw CommandFailure(.unparseable, "not JSON: \(error)")
        }
    }

    /// What the daemon itself adds to an author is left out without a word.
    private func tellOnce(_ name: String) {
        guard !Author.fieldNames.contains(name), named.insert(name).inserted else { return }
        warn("'\(name)' is not a field of an author; it is ignored")
    }

    private static func guess(_ reader: Reader) throws -> FileFormat {
        while let byte = try reader.peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { _ = try reader.next() }
        return try reader.peek() == UInt8(ascii: "{") ? .ndjson : .csv
    }

    private static func skipByteOrderMark(_ reader: Reader) throws {
        guard try reader.peek() == 0xEF else { return }
        for _ in 0..<3 { _ = try reader.next() }
    }
}
