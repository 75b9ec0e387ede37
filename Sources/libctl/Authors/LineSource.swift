import Shared

/// Reads the authors of a file one at a time, in memory that does not grow with the file.
final class LineSource {
    private let text: FileText
    private let diagnostics: Diagnostics
    private var lines: AuthorLines
    private var isAtEnd = false
    private var told = 0
    let format: AuthorLines.Format
    /// Whether the file has no byte.
    let isEmpty: Bool

    /// Detects the format from the beginning of the file, unless the options name it.
    /// - Parameters:
    ///   - name: of the file, for errors.
    ///   - restIsNeeded: whether a line without a country is a fault. Otherwise the entry of the line has no country.
    ///   - texts: the lines that have their text.
    init(
        _ reader: InputReader, name: String, _ options: FileOptions, _ context: CommandContext, restIsNeeded: Bool,
        texts: AuthorLines.KeptTexts = .ofFaultyLines
    ) throws {
        diagnostics = context.diagnostics
        text = FileText(reader, name: name, try options.encoding.map { try TextEncoding(name: $0) })
        let (names, columns, separator) = (try options.names(), options.columnList(), try options.separatorByte())
        // The default country is for new authors only, and only the daemon knows which authors are new. Defaults
        // of name and book are filled in here, because the daemon finds an existing author by these fields.
        let defaults = try options.defaults().filter { $0.key != "country" }
        var (start, form): ([UInt8], FileForm?) = ([], nil)
        repeat {
            if let more = try text.next() { start += more } else { isAtEnd = true }
            form = FileForm(
                start, isWhole: isAtEnd || start.count >= Record.longest, told: options.fileFormat,
                separator: separator, names: ColumnNames(names), columns: columns,
                isTable: FileForm.isTable(name))
        } while form == nil
        format = form?.format ?? .csv
        isEmpty = isAtEnd && start.isEmpty
        lines = AuthorLines(
            format, separator: form?.separator, names: names, defaults: defaults, restIsNeeded: restIsNeeded,
            texts: texts, unknownMembers: .ignored)
        do {
            if let columns { try lines.setColumns(columns) }
        } catch {
            throw CommandError(error)
        }
        lines.append(start)
    }

    /// Limit in bytes of what is read for one line, so that input without line ends is not read forever.
    private static let longestLine = 64 << 20

    /// The next line; `nil` at the end of the file.
    /// - Throws: ``CommandError`` `dataError` if the CSV header lacks a required column, or a line is too long.
    func next() throws -> AuthorLines.Line? {
        var length = 0
        while true {
            do {
                let line = try lines.next(atEnd: isAtEnd)
                tellUnknownNames()
                if line != nil || isAtEnd { return line }
            } catch {
                throw CommandError(error)
            }
            guard length <= Self.longestLine else {
                throw CommandError(.dataError, "64 MiB of the file have no whole line")
            }
            if let bytes = try text.next() {
                length += bytes.count
                lines.append(bytes)
            } else {
                isAtEnd = true
            }
        }
    }

    /// Number of bytes of the file read so far.
    var received: Int { text.received }

    /// What the numbers of lines count.
    var noun: String { lines.areElements ? "item" : "line" }

    /// The header line as it is in the file, if valid lines have their text.
    var header: [UInt8]? { lines.header }

    /// Whether the file has ids that authors had where they come from.
    var hasIDs: Bool { lines.hasIDs }

    private func tellUnknownNames() {
        guard told < lines.unknownNames.count else { return }
        let names = lines.unknownNames.dropFirst(told)
        told += names.count
        diagnostics.warn(
            names.count == 1
                ? "'\(names.first ?? "")' is not a field of an author; it is ignored"
                : "these are not fields of an author and are ignored: \(names.joined(separator: ", "))")
    }
}

extension CommandError {
    init(_ fault: AuthorLines.Fault) {
        switch fault {
        case .csv(let reason), .json(let reason), .header(let reason): self.init(.dataError, reason)
        case .encoding(let reason):
            self.init(.dataError, reason, hint: "if the file is in another encoding: --encoding windows-1252")
        case .missingColumn:
            self.init(
                .dataError, fault.description,
                hint: "the first line must name the columns name, book and country; "
                    + "or use --map name=COLUMN,… or --default country=TEXT")
        case .invalid(let invalid): self.init(invalid)
        }
    }
}
