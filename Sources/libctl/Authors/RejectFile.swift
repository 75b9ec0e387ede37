import Glibc
import Shared

/// The file of `--rejects`: the failed lines, to be corrected and imported again. A file that is named `.csv` or `.tsv`
/// gets the lines as they are, below the header; any other gets NDJSON, with the reasons.
final class RejectFile {
    private let writer: OutputWriter
    private let diagnostics: Diagnostics
    private let path: String
    /// Whether the file gets the lines as they are.
    let isTable: Bool
    private var hasHeader = false
    /// Returns the header line of the input, once that has been read.
    var header: () -> [UInt8]? = { nil }

    private init(_ descriptor: Int32, _ path: String, _ diagnostics: Diagnostics) {
        writer = OutputWriter(descriptor)
        self.path = path
        isTable = FileForm.isTable(path)
        self.diagnostics = diagnostics
    }

    /// Whether the path leads to the open file, and that is a regular file.
    static func isFile(_ path: String?, _ descriptor: Int32) -> Bool {
        var (named, opened) = (stat(), stat())
        guard let path, path != "-", stat(SystemText.path(path), &named) == 0, fstat(descriptor, &opened) == 0 else {
            return false
        }
        return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino && opened.st_mode & S_IFMT == S_IFREG
    }

    /// Calls `body` with a file that is renamed to `path` at the end, so it may replace the input; `-` is standard
    /// output. If the import fails, the rejects so far are saved, unless that would replace the input: its unread lines
    /// exist nowhere else.
    static func with(
        _ path: String?, isInput: Bool, _ context: CommandContext, _ body: (RejectFile?) throws -> Void
    ) throws {
        guard let path else { return try body(nil) }
        var failure: (any Error)?
        func fill(_ descriptor: Int32) throws {
            let file = RejectFile(descriptor, path, context.diagnostics)
            do {
                try body(file)
            } catch {
                guard file.writer.hasWritten, !isInput else { throw error }
                failure = error
            }
            try file.writer.flush()
        }
        if path == "-" {
            guard !context.options.choosesResults else {
                throw CommandError(
                    .usage, "the results and the rejects cannot both go to standard output",
                    hint: "name a file for --rejects")
            }
            try fill(context.io.output)
        } else {
            try PrivateFile.replace(path, patience: context.io.patience, fill)
        }
        if let failure { throw failure }
    }

    /// - Parameters:
    ///   - entry: the values of the line, if it could be parsed.
    ///   - text: the line as it is in the input; `nil` if it was not kept.
    ///   - isParsed: whether the entry says all that the text does.
    func add(_ line: Int64, _ reason: String, _ entry: AuthorValues?, _ text: [UInt8]?, isParsed: Bool) throws {
        if isTable { return try add(line, text) }
        var json = JSONWriter()
        json.object {
            $0.member("line", line)
            $0.member("reason", reason)
            entry?.writeMembers(to: &$0)
            if let text, !isParsed { $0.member("text", String(decoding: text, as: UTF8.self)) }
        }
        try writer.write(json.bytes + [.newline])
    }

    private func add(_ line: Int64, _ text: [UInt8]?) throws {
        guard let text else { return diagnostics.warn("line \(line) is too long for \(path)") }
        if !hasHeader, let header = header() { try writer.write(header + [.newline]) }
        hasHeader = true
        try writer.write(text + [.newline])
    }
}
