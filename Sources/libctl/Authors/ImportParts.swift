import Glibc
import Shared

/// The lines of one request, as NDJSON. A line of the file that holds no entry, such as a header or a faulty line, is
/// an empty line of the body: line `n` of the body is line `first + n - 1` of the file.
struct ImportBatch {
    let body: SpooledFile
    private(set) var count = 0
    /// Line numbers in the file, from 1: the first line of the body, and the line after its last.
    private var (first, next) = (1, 1)

    init(_ body: SpooledFile) {
        self.body = body
    }

    /// The size of the body in bytes, with the empty lines before line `number` of the file.
    func size(before number: Int) -> Int { count == 0 ? 0 : body.count + number - next }

    mutating func add(_ entry: AuthorValues, _ number: Int) throws {
        if count == 0 { (first, next) = (number, number) }
        let newline = UInt8(ascii: "\n")
        try body.append([UInt8](repeating: newline, count: max(0, number - next)) + entry.json + [newline])
        next = number + 1
        count += 1
    }

    /// The line of the file that is line `number` of the body; `nil` if the body has no such line.
    func line(_ number: Int64) -> Int? {
        (1...Int64(max(1, next - first))).contains(number) ? first + Int(number) - 1 : nil
    }

    /// Returns a function that parses a line of the body again. It reads the body once, so the line numbers of its
    /// calls must ascend.
    func entries() -> (Int64) throws -> AuthorValues? {
        var authors = SpooledAuthors(body, .ndjson, restIsNeeded: false, unknownMembers: .rejected)
        return { number in
            while let line = try authors.next() {
                if line.number >= number { return line.number == number ? try? line.entry.get() : nil }
            }
            return nil
        }
    }

    mutating func removeAll() throws {
        try body.removeAll()
        count = 0
    }
}

/// Processes the result of each line: counts it, warns of a failure and writes that to the file of rejects, and
/// prints the result if an option asks for the results.
final class ImportReport {
    private let diagnostics: Diagnostics
    private let progress: Progress
    private let rejects: RejectFile?
    private let output: Output
    private let list: RecordPrinter<BulkResult>?
    private let isTrial: Bool
    private var isListed = false
    private var outcomes: [String: Int] = [:]
    private(set) var failures = BatchFailures()
    var total = 0

    init(_ context: CommandContext, _ progress: Progress, _ rejects: RejectFile?, isTrial: Bool) throws {
        (diagnostics, output) = (context.diagnostics, context.output)
        self.progress = progress
        self.rejects = rejects
        self.isTrial = isTrial
        let options = context.options
        let isAskedFor = options.format != nil || options.json || options.fields != nil
        list = isAskedFor ? try output.list(of: BulkResult.self) : nil
    }

    /// - Parameters:
    ///   - result: with the line number in the file.
    ///   - failure: the error, if libctl found it; otherwise it is made from the result.
    ///   - entry: the values of the line, if it could be parsed.
    ///   - text: the text of the line, if it could not be parsed.
    func add(
        _ result: BulkResult, _ failure: CommandError? = nil, entry: @autoclosure () throws -> AuthorValues? = nil,
        text: @autoclosure () -> String? = nil
    ) throws {
        var shown = result
        // After a dry run no author has this id, and a later author may get it.
        if isTrial, result.outcome == BulkResult.Outcome.created.rawValue { shown.id = nil }
        if output.format != .id || shown.id != nil {
            try list?.add(shown)
            isListed = true
        }
        guard let code = result.code else {
            outcomes[result.outcome, default: 0] += 1
            return
        }
        let id = result.existingID.map { "; it has the id \($0)" } ?? ""
        let message = (result.message ?? code) + id
        progress.end()
        diagnostics.warn("line \(result.line): \(message)")
        try rejects?.add(result.line, message, try entry(), text())
        failures.add(failure ?? CommandError(ExitStatus(line: code), message))
    }

    /// Warns why the daemon refused all lines of an atomic import. The daemon's line numbers are those of the body.
    func refused(_ errors: [FieldError], in batch: ImportBatch) {
        progress.end()
        for error in errors {
            let line = error.line.flatMap(batch.line).map { "line \($0)" } ?? error.field
            diagnostics.warn("\(line): \(error.message)")
        }
    }

    /// Writes the results of the requests that succeeded, in case a later request fails.
    func flush() throws { try output.flush() }

    func end() throws {
        try list?.end()
        try flush()
    }

    /// Prints the results so far after a failure; if there are none, prints nothing, not even an empty list.
    func endEarly() throws { if isListed { try end() } }

    /// - Throws: as ``BatchFailures/end(of:noun:)``.
    func endFailures() throws { try failures.end(of: total, noun: "lines") }

    var stored: Int { (outcomes["created"] ?? 0) + (outcomes["updated"] ?? 0) }

    var description: String {
        let done = ["created", "updated", "unchanged", "skipped"].compactMap { name in
            outcomes[name].map { "\(name) \($0)" }
        }
        return (done.isEmpty ? "created 0" : done.joined(separator: ", ")) + ", \(failures.count) failed"
    }
}

/// The file of `--rejects`: the failed lines with reasons, as NDJSON, to be corrected and imported again.
struct RejectFile {
    private let writer: OutputWriter

    /// Whether the path leads to the open file, and that is a regular file.
    static func isFile(_ path: String?, _ descriptor: Int32) -> Bool {
        var (named, opened) = (stat(), stat())
        guard let path, stat(SystemText.path(path), &named) == 0, fstat(descriptor, &opened) == 0 else { return false }
        return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino && opened.st_mode & S_IFMT == S_IFREG
    }

    /// Calls `body` with a file that is renamed to `path` at the end, so it may replace the input. If the import
    /// fails, the rejects so far are saved, unless that would replace the input: its unread lines exist nowhere else.
    /// - Parameter patience: as of ``PrivateFile/replace(_:isSecret:patience:_:)``.
    static func with(
        _ path: String?, isInput: Bool, patience: Duration, _ body: (RejectFile?) throws -> Void
    ) throws {
        guard let path else { return try body(nil) }
        var failure: (any Error)?
        try PrivateFile.replace(path, patience: patience) { descriptor in
            let file = RejectFile(writer: OutputWriter(descriptor))
            do {
                try body(file)
            } catch {
                guard file.writer.hasWritten, !isInput else { throw error }
                failure = error
            }
            try file.writer.flush()
        }
        if let failure { throw failure }
    }

    func add(_ line: Int64, _ reason: String, _ entry: AuthorValues?, _ text: String?) throws {
        var json = JSONWriter()
        json.object {
            $0.member("line", line)
            $0.member("reason", reason)
            entry?.writeMembers(to: &$0)
            if let text { $0.member("text", text) }
        }
        try writer.write(json.bytes + [UInt8(ascii: "\n")])
    }
}

/// Shows the progress of an import or export: count, rate, and the time left if the size is known.
final class Progress {
    private let diagnostics: Diagnostics
    private let size: Int?
    private let noun: String
    private let start = ContinuousClock.now

    /// - Parameter size: of the input, in bytes, if it is known.
    init(_ diagnostics: Diagnostics, size: Int?, noun: String) {
        self.diagnostics = diagnostics
        self.size = size
        self.noun = noun
    }

    func show(_ count: Int, _ bytes: Int) {
        let seconds = max(start.duration(to: .now) / .seconds(1), 0.001)
        var text = "\(count) \(noun), \(Int(Double(count) / seconds)) a second"
        if let size, bytes > 0, size >= bytes {
            let left = Int(Double(size - bytes) * seconds / Double(bytes))
            let filled = bytes * 20 / max(size, 1)
            text =
                "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "] "
                + "\(bytes * 100 / max(size, 1)) %, " + text + ", \(left) s left"
        }
        diagnostics.progress(text)
    }

    func end() {
        diagnostics.endProgress()
    }
}
