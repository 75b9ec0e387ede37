public import ArgumentParser
import Glibc
public import Shared

extension AuthorsCommand {
    struct Import: ParsableCommand, ContextCommand {
        static let title = "authors import"
        static let configuration = CommandConfiguration(
            "import", "Add all authors of a file, in few requests.",
            discussion: """
                A file is CSV or TSV with a header line, NDJSON, or a JSON array; also compressed by gzip, and in \
                UTF-16. The columns are name, book, country and booker_prize. What 'authors list' and \
                'authors export' write can be read. An invalid line is reported with its number, the first 20 one by \
                one, and the import continues. --map names the columns of other programs; --default is the value for \
                new authors where the file has none. With --on-conflict update a missing column, an empty cell and \
                null leave the field unchanged; a new author then has no prize. An author is found by name and book; \
                ids in the file are ignored. With -o or --fields the result of each line is printed, in the order of \
                the file: line, outcome, id, code, message, existing_id. Ctrl-C tells what is stored.
                """,
            examples: "authors import library.csv --dry-run",
            "authors import goodreads_library_export.csv \\\n      --map name=Author,book=Title "
                + "--default country=Unknown --on-conflict skip",
            "authors import librarything.tsv --default country=Unknown \\\n"
                + "      --map 'name=Primary Author,book=Title'",
            "authors import old.csv --encoding windows-1252 --rejects bad.csv",
            "authors import library.ndjson --atomic", "authors import - --rejects bad.ndjson < library.csv",
            "authors import new.csv -o id > ids")

        @Argument(help: "File to read; - is standard input.", completion: .file()) var file: String

        @OptionGroup var form: FileOptions

        @Option(help: "What to do with an author that exists already.")
        var onConflict = BulkOptions.Conflict.fail

        @Flag(help: "All lines or none.") var atomic = false

        @Flag(help: "Only report what would happen.") var dryRun = false

        @Option(
            help: "File for the lines that fail: as they are if its name ends in .csv or .tsv, else as NDJSON.",
            completion: .file())
        var rejects: String?

        @OptionGroup var options: GlobalOptions

        /// Without `--atomic` and `--dry-run`, a request is sent once it has `lines` lines or more than `size` bytes.
        private static let batch = (lines: 2000, size: 4 << 20)
        /// With `--atomic` or `--dry-run` the whole file is one request. Limit in bytes of its body before the last
        /// line; the daemon accepts 64 MiB.
        private static let largestBody = 62 << 20

        private var isWhole: Bool { atomic || dryRun }

        func run(_ context: CommandContext) throws {
            try context.reading(file) { descriptor in
                var report: ImportReport?
                let isInput = RejectFile.isFile(rejects, descriptor)
                try RejectFile.with(rejects, isInput: isInput, context) { rejects in
                    report = try Interruption.awaited(input: descriptor, endsRequests: isWhole) {
                        try run(context, descriptor, rejects, isReplaced: isInput)
                    }
                }
                try report?.endFailures(onConflict: onConflict)
            }
        }

        /// - Parameter isReplaced: whether the file of rejects will replace the input file.
        private func run(
            _ context: CommandContext, _ descriptor: Int32, _ rejects: RejectFile?, isReplaced: Bool
        ) throws -> ImportReport {
            let query = try query()
            let source: LineSource
            do {
                source = try LineSource(
                    InputReader(descriptor), name: file, form, context, restIsNeeded: query.restIsNeeded,
                    texts: rejects?.isTable == true ? .ofAllLines : .ofFaultyLines)
            } catch {
                throw Interruption.hasCome ? interrupted(nil) : error
            }
            try check(source, rejects, isReplaced)
            // A long file is not read in vain.
            try context.requireLogin()
            let progress = Progress(context.diagnostics, size: Self.size(of: descriptor), noun: "lines")
            let report = try ImportReport(context, progress, rejects, isTrial: dryRun)
            defer { progress.end() }

            var batch = ImportBatch(context.io.spool)
            var isComplete = false
            do {
                while let line = try source.next() {
                    guard !Interruption.hasCome else { break }
                    report.total += 1
                    report.noun = source.noun
                    try add(line, to: &batch, query, report, context)
                    if report.total.isMultiple(of: Self.batch.lines) { progress.show(report.total, source.received) }
                }
                guard !Interruption.hasCome else { throw interrupted(report) }
                if source.hasIDs, onConflict == .update {
                    context.diagnostics.warn("the ids in the file are ignored: authors are found by name and book")
                }
                if atomic, report.failures.count > 0 {
                    throw CommandError(
                        .invalid,
                        "\(report.failures.count) of \(report.total) \(report.noun)s cannot be stored, so none was")
                }
                if isWhole { context.diagnostics.progress("waiting for the daemon: \(batch.count) lines") }
                isComplete = true
                try send(&batch, query, report, context)
            } catch {
                progress.end()
                _ = try? report.add(batch.notes)
                try? report.end(isEarly: true)
                if report.stored > 0 {
                    context.diagnostics.say(report.description)
                    sayHowToUndo(query, report, context)
                }
                throw Interruption.hasCome ? interrupted(report, isSent: isWhole && isComplete) : error
            }
            try report.end()
            context.diagnostics.say(report.description + (dryRun ? " (nothing was changed)" : ""))
            sayHowToUndo(query, report, context)
            return report
        }

        private func sayHowToUndo(_ query: BulkOptions, _ report: ImportReport, _ context: CommandContext) {
            guard let id = query.importID, report.stored > 0 else { return }
            // An import of more changes than the daemon keeps cannot be undone.
            if report.stored > Self.batch.lines {
                let me = try? context.authorized { try context.client.send(Endpoints.me.call(), authorization: $0) }
                guard let kept = me?.history?.events, kept >= Int64(report.stored) else { return }
            }
            context.diagnostics.say("undo it with: libctl undo --import \(id)\(context.options.loginOptions)")
        }

        private func check(_ source: LineSource, _ rejects: RejectFile?, _ isReplaced: Bool) throws {
            let isLines = source.format == .ndjson && source.noun == "line"
            guard !isReplaced || isLines && !isWhole else {
                throw CommandError(
                    .usage, "--rejects names the file that is imported, whose lines would be lost",
                    hint: "name another --rejects file"
                )
            }
            guard let rejects, rejects.isTable, !source.isEmpty else { return }
            guard source.format == .csv else {
                throw CommandError(
                    .usage, "the rejects of JSON are NDJSON", hint: "name the --rejects file .ndjson")
            }
            rejects.header = { source.header }
        }

        /// - Parameters:
        ///   - report: `nil` if no line was read.
        ///   - isSent: whether the request with the whole file was begun.
        private func interrupted(_ report: ImportReport?, isSent: Bool = false) -> CommandError {
            let again = "run it again with --on-conflict \(onConflict == .fail ? .skip : onConflict)"
            if dryRun { return CommandError(.failure, "interrupted: nothing was changed", hint: "run it again") }
            guard !isSent else {
                return CommandError(.failure, "interrupted: the daemon may have stored all lines, or none", hint: again)
            }
            guard !atomic else { return CommandError(.failure, "interrupted: nothing is stored", hint: "run it again") }
            let stored = counted(report?.stored ?? 0, report?.noun ?? "line")
            return CommandError(
                .failure, "interrupted: \(stored) \(report?.stored == 1 ? "is" : "are") stored", hint: again)
        }

        private func add(
            _ line: AuthorLines.Line, to batch: inout ImportBatch, _ query: BulkOptions, _ report: ImportReport,
            _ context: CommandContext
        ) throws {
            if isWhole, batch.size(before: line.number) > Self.largestBody {
                throw CommandError(
                    .invalid, "the file is too large for one request",
                    hint: "without --atomic and --dry-run it goes in by batches")
            }
            let lines = max(batch.count, batch.notes.count)
            let size = max(batch.size(before: line.number), batch.notes.size)
            if !isWhole, lines >= Self.batch.lines || size > Self.batch.size {
                try send(&batch, query, report, context)
            }
            switch line.entry {
            case .success(let entry): try batch.add(entry, line.number, text: line.text)
            case .failure(let fault):
                let result = BulkResult(line: line.number, fault)
                // The results of lines before it come first.
                guard batch.count > 0, !atomic else { return try report.add(result, isLocal: true, text: line.text) }
                try batch.notes.add(.init(number: line.number, fault: result, text: line.text))
            }
        }

        private func query() throws -> BulkOptions {
            var query = BulkOptions()
            (query.atomic, query.onConflict, query.dryRun) = (atomic, onConflict, dryRun)
            query.defaultCountry = try form.defaultCountry()
            // A dry run makes no changes that could be undone.
            query.importID = dryRun ? nil : String(UInt64.random(in: .min ... .max), radix: 36)
            return query
        }

        private func send(
            _ batch: inout ImportBatch, _ query: BulkOptions, _ report: ImportReport, _ context: CommandContext
        ) throws {
            guard batch.count > 0 else { return }
            let sent = batch
            let entry = sent.entries()
            var answered = 0
            var ending: CommandError?
            do {
                try context.authorized {
                    try context.client.send(
                        Endpoints.createAuthors, query, lines: sent.body, results: context.io.spool(),
                        authorization: $0
                    ) { result in
                        guard let line = sent.line(result.line) else {
                            throw Self.foreign("a result came for line \(result.line)")
                        }
                        answered += 1
                        var own = result
                        own.line = Int64(line)
                        let text = try report.add(sent.notes, upTo: line)
                        // All that follow would fail in the same way, such as on a full disk.
                        if let failure = Self.failure(own), failure.endsBatch {
                            ending = ending ?? failure
                        } else {
                            try report.add(own, entry: try entry(result.line), text: text)
                        }
                    }
                }
            } catch let problem as Problem where atomic && !problem.errors.isEmpty {
                report.refused(problem.errors, in: sent)
                throw CommandError(ExitStatus(problem), CommandError.plain(problem.detail), problem: problem)
            }
            guard answered == sent.count else {
                throw Self.foreign("\(answered) results came for \(sent.count) lines")
            }
            _ = try report.add(sent.notes)
            try batch.removeAll()
            try report.flush()
            if let ending { throw ending }
        }

        /// The failure of a line, if it is one.
        private static func failure(_ result: BulkResult) -> CommandError? {
            guard let code = result.code else { return nil }
            let known = ErrorCode(rawValue: code)
            let hint = known == .storageFull ? "make room, then run it again with --on-conflict skip" : nil
            return CommandError(
                ExitStatus(line: code), "line \(result.line): \(result.message ?? code)",
                hint: hint ?? "run it again with --on-conflict skip")
        }

        private static func foreign(_ why: String) -> CommandError {
            CommandError(.protocolError, why, hint: "import the file again with --on-conflict skip")
        }

        private static func size(of descriptor: Int32) -> Int? {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return Int(status.st_size)
        }
    }
}

extension BulkOptions.Conflict: ExpressibleByArgument {}
