import Shared

/// The format of a file of authors and its separator, as far as its beginning tells.
struct FileForm {
    let format: AuthorLines.Format
    /// `nil` for JSON.
    let separator: UInt8?

    /// - Parameters:
    ///   - start: the beginning of the file.
    ///   - isWhole: whether that is the whole file, or as much as may be looked at.
    ///   - columns: the names of the columns, if the file has no header.
    ///   - isTable: whether the name of the file is that of a table. Any other file with nothing in it is NDJSON: a
    ///     list of no authors.
    /// - Returns: `nil` if more of the file is needed.
    init?(
        _ start: [UInt8], isWhole: Bool, told: FileFormat?, separator: UInt8?, names: ColumnNames, columns: [String]?,
        isTable: Bool
    ) {
        let first = start.dropFirst(start.starts(with: byteOrderMark) ? byteOrderMark.count : 0)
            .first { ![0x20, .tab, .newline, .carriageReturn].contains($0) }
        switch told {
        case .ndjson, .json: self.init(format: .ndjson, separator: nil)
        case nil where first == nil && isWhole && !isTable: self.init(format: .ndjson, separator: nil)
        case nil where first == UInt8(ascii: "{") || first == UInt8(ascii: "["):
            self.init(format: .ndjson, separator: nil)
        case _ where separator != nil: self.init(format: .csv, separator: separator)
        default:
            guard let guess = Self.separator(start, isWhole, told, names, columns) else { return nil }
            self.init(format: .csv, separator: guess)
        }
    }

    /// Whether a file of that name is a table.
    static func isTable(_ name: String) -> Bool { [".csv", ".tsv"].contains(where: name.lowercased().hasSuffix) }

    private init(format: AuthorLines.Format, separator: UInt8?) {
        self.format = format
        self.separator = separator
    }

    /// The separator by which the header has most of the columns that are needed, and then most cells.
    private static func separator(
        _ start: [UInt8], _ isWhole: Bool, _ told: FileFormat?, _ names: ColumnNames, _ columns: [String]?
    ) -> UInt8? {
        let all = [",", ";", "\t", "|"].flatMap(\.utf8).filter { told == nil || $0 != .tab }
        var best: (separator: UInt8, found: Int, cells: Int)?
        for candidate in all {
            var records = CSVRecords(separator: candidate)
            records.append(start)
            guard let record = records.next(atEnd: isWhole) else { continue }
            let cells = record.cells
            var found = cells.count { names.field($0) != nil }
            if AuthorLines.isListRow(record) || cells.count == columns?.count { found = cells.count }
            if best.map({ (found, cells.count) > ($0.found, $0.cells) }) ?? true {
                best = (candidate, found, cells.count)
            }
        }
        return best?.separator ?? (isWhole ? all.first : nil)
    }
}
