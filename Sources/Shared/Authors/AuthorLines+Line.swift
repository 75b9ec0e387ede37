extension AuthorLines {
    /// The format of a file of authors.
    public enum Format: String, Sendable, CaseIterable {
        /// CSV, as ``CSVRecords`` reads it. The first line names the columns: `name`, `book`, `country` and
        /// `booker_prize`, in any order and in any case; a space or `-` is as good as `_`.
        case csv
        /// JSON objects, as ``JSONRecords`` reads them: one on each line, or over several lines, or in an array.
        case ndjson

        public var mediaType: String {
            switch self {
            case .csv: "text/csv"
            case .ndjson: "application/x-ndjson"
            }
        }

        /// The format of a media type in lower case, also under the other names that programs have for NDJSON; `nil`
        /// for another type.
        public init?(mediaType: String) {
            switch mediaType {
            case "text/csv": self = .csv
            case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl",
                "application/jsonlines", "application/x-jsonlines":
                self = .ndjson
            default: return nil
            }
        }
    }

    /// Which lines have their text.
    public enum KeptTexts: Sendable {
        case ofNoLines, ofFaultyLines, ofAllLines
    }

    /// One author of the input, or one faulty line.
    public struct Line: Sendable {
        /// Line number, from 1; of a record with several lines, the number of the first line; of an element of a JSON
        /// array, the number of the element.
        public let number: Int
        /// The line as it is in the input, without its line end. `nil` unless it was asked for, and for a line that is
        /// longer than ``Record/longest``.
        public let text: [UInt8]?
        /// The line's values in the form in which they are stored, or its fault.
        public let entry: Result<AuthorValues, Fault>
    }

    /// Why a line, or the whole file, cannot be read.
    public enum Fault: Error, Equatable, CustomStringConvertible {
        /// The line is not CSV.
        case csv(String)
        /// The line is not JSON.
        case json(String)
        /// What is needed of the line is not valid UTF-8.
        case encoding(String)
        /// The line has an unknown field or an invalid value.
        case invalid(InvalidFields)
        /// There is no header, or it has a fault.
        case header(String)
        /// The header of a CSV file lacks the column of this name.
        case missingColumn(String)

        public var description: String {
            switch self {
            case .csv(let reason), .json(let reason), .encoding(let reason), .header(let reason): reason
            case .invalid(let invalid): invalid.description
            case .missingColumn(let name): "line 1: the column '\(name)' is missing"
            }
        }

        public var code: ErrorCode {
            switch self {
            case .csv: .invalidCSV
            case .json: .invalidJSON
            case .encoding: .invalidEncoding
            case .invalid, .header, .missingColumn: .invalidFields
            }
        }
    }
}
