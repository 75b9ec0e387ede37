import Shared

/// Processes the result of each line, in the order of the file: counts it, warns of a failure and writes that to the
/// file of rejects, and prints the result if an option asks for the results.
final class ImportReport {
    private let diagnostics: Diagnostics
    private let progress: Progress
    private let rejects: RejectFile?
    private let output: Output
    private let list: RecordPrinter<BulkResult>?
    private let isTrial: Bool
    private var outcomes: [String: Int] = [:]
    private var conflicts = 0
    private var badEncodings = 0
    private(set) var failures = BatchFailures()
    var total = 0
    /// What the numbers of lines count.
    var noun = "line"

    /// Limit of the failures that are shown one by one.
    private static let shownFailures = 20

    init(_ context: CommandContext, _ progress: Progress, _ rejects: RejectFile?, isTrial: Bool) throws {
        (diagnostics, output) = (context.diagnostics, context.output)
        self.progress = progress
        self.rejects = rejects
        self.isTrial = isTrial
        list = context.options.choosesResults ? try output.list(of: BulkResult.self) : nil
    }

    /// Reports the notes on lines up to `number` that are not sent.
    /// - Returns: the kept text of line `number`.
    func add(_ notes: LineNotes, upTo number: Int = .max) throws -> [UInt8]? {
        while let note = try notes.next(upTo: number) {
            guard let fault = note.fault else {
                if note.number == number { return note.text }
                continue
            }
            try add(fault, isLocal: true, text: note.text)
        }
        return nil
    }

    /// - Parameters:
    ///   - result: with the line number in the file.
    ///   - isLocal: whether libctl found the fault, so that the line was not sent.
    ///   - entry: the values of the line, if it could be parsed.
    ///   - text: the text of the line, if it was kept.
    func add(
        _ result: BulkResult, isLocal: Bool = false, entry: @autoclosure () throws -> AuthorValues? = nil,
        text: [UInt8]?
    ) throws {
        var shown = result
        // After a dry run no author has this id, and a later author may get it.
        if isTrial, result.outcome == BulkResult.Outcome.created.rawValue { shown.id = nil }
        if output.format != .id || shown.id != nil {
            try list?.add(shown)
        }
        guard let code = result.code else {
            outcomes[result.outcome, default: 0] += 1
            return
        }
        let message = CommandError.message(of: result, code: code)
        if failures.count < Self.shownFailures {
            progress.end()
            diagnostics.warn("\(noun) \(result.line): \(message)")
        }
        if code == ErrorCode.authorExists.rawValue { conflicts += 1 }
        if code == ErrorCode.invalidEncoding.rawValue { badEncodings += 1 }
        try rejects?.add(result.line, message, try entry(), text, isParsed: !isLocal)
        let isUnparsed = isLocal && code != ErrorCode.invalidFields.rawValue
        failures.add(CommandError(isUnparsed ? .dataError : ExitStatus(line: code), message))
    }

    /// Warns why the daemon refused all lines of an atomic import. The daemon's line numbers are those of the body.
    func refused(_ errors: [FieldError], in batch: ImportBatch) {
        progress.end()
        for error in errors.prefix(Self.shownFailures) {
            let line = error.line.flatMap(batch.line).map { "\(noun) \($0)" } ?? error.field
            diagnostics.warn("\(line): \(error.message)")
        }
        if errors.count > Self.shownFailures { diagnostics.warn("… and \(errors.count - Self.shownFailures) more") }
    }

    /// Writes the results of the requests that succeeded, in case a later request fails.
    func flush() throws { try output.flush() }

    /// - Parameter isEarly: whether the import has failed. Then no list is printed if there are no results, not even an
    ///   empty one.
    func end(isEarly: Bool = false) throws {
        progress.end()
        if failures.count > Self.shownFailures {
            diagnostics.warn("… and \(failures.count - Self.shownFailures) more \(noun)s")
        }
        guard !isEarly || (list?.count ?? 0) > 0 else { return }
        try list?.end()
        try flush()
    }

    /// - Throws: as ``BatchFailures/end(of:noun:hint:)``.
    func endFailures(onConflict: BulkOptions.Conflict) throws {
        let hint: String? =
            if badEncodings > 0 {
                "if the file is in another encoding: --encoding windows-1252"
            } else if conflicts > 0, onConflict == .fail {
                "add --on-conflict skip to skip authors that exist already"
            } else if failures.count > Self.shownFailures, rejects == nil {
                "--rejects FILE keeps the \(noun)s that fail"
            } else {
                nil
            }
        try failures.end(of: total, noun: noun + "s", hint: hint)
    }

    var stored: Int { (outcomes["created"] ?? 0) + (outcomes["updated"] ?? 0) }

    var description: String {
        let done = ["created", "updated", "unchanged", "skipped"].compactMap { name in
            outcomes[name].map { "\(name) \($0)" }
        }
        return (done.isEmpty ? "created 0" : done.joined(separator: ", ")) + ", \(failures.count) failed"
    }
}
