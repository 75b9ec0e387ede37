public import ArgumentParser
import Glibc
public import Shared

extension AuthorsCommand {
    struct Import: ParsableCommand, ContextCommand {
        static let title = "authors import"
        static let configuration = CommandConfiguration(
            "import", "Add all authors of a file, in few requests.",
            discussion: """
                A file is CSV or TSV with a header line, or NDJSON with one object a line; the columns are name, book, \
                country and booker_prize. A bad line is reported with its number, and the rest goes on. Other people's \
                columns get their meaning by --map; --default is what new authors get where the file has \
                nothing. A column \
                that is not there, an empty cell and null say nothing: with --on-conflict update, that field \
                stays as it \
                is; a new author has no prize then. With -o or --fields the \
                result of each line is printed: line, outcome, id, code, message, existing_id.
                """,
            examples: "authors import library.csv --dry-run",
            "authors import goodreads_library_export.csv --map name=Author,book=Title "
                + "--default country=Unknown --on-conflict skip",
            "authors import librarything.tsv --map 'name=Primary Author,book=Title' --default country=Unknown",
            "authors import library.ndjson --atomic", "authors import - --rejects bad.ndjson < library.csv",
            "authors import new.csv -o id > ids")

        @Argument(help: "File to read; - is standard input.", completion: .file()) var file: String

        @OptionGroup var form: FileOptions

        @Option(help: "What to do with an author that is there already.")
        var onConflict = BulkOptions.Conflict.fail

        @Flag(help: "All lines or none.") var atomic = false

        @Flag(help: "Only tell what would happen.") var dryRun = false

        @Option(help: "File for the lines that fail, as NDJSON.", completion: .file())
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
                try RejectFile.with(rejects, isInput: isInput, patience: context.io.patience) {
                    report = try run(context, descriptor, $0, isReplaced: isInput)
                }
                try report?.endFailures()
            }
        }

        /// - Parameter isReplaced: whether the file of rejects will replace the input file.
        private func run(
            _ context: CommandContext, _ descriptor: Int32, _ rejects: RejectFile?, isReplaced: Bool
        ) throws -> ImportReport {
            let query = try query()
            let source = try LineSource(
                InputReader(descriptor), form, context, restIsNeeded: query.restIsNeeded)
            guard !isReplaced || source.format == .ndjson && !isWhole else {
                throw CommandError(
                    .usage, "the rejects would replace lines that are nowhere else", hint: "name another --rejects file"
                )
            }
            let progress = Progress(context.diagnostics, size: Self.size(of: descriptor), noun: "lines")
            let report = try ImportReport(context, progress, rejects, isTrial: dryRun)
            defer { progress.end() }

            var batch = ImportBatch(context.io.spool())
            do {
                while let line = try source.next() {
                    report.total += 1
                    if isWhole, batch.size(before: line.number) > Self.largestBody {
                        throw CommandError(
                            .invalid, "the file is too large for one request",
                            hint: "without --atomic and --dry-run it goes in by batches")
                    }
                    if !isWhole, batch.count == Self.batch.lines || batch.size(before: line.number) > Self.batch.size {
                        try send(&batch, query, report, context)
                    }
                    switch line.entry {
                    case .success(let entry): try batch.add(entry, line.number)
                    case .failure(let fault):
                        try report.add(
                            BulkResult(line: line.number, fault), CommandError(fault),
                            text: source.text(of: line))
                    }
                    if report.total.isMultiple(of: Self.batch.lines) { progress.show(report.total, source.received) }
                }
                if atomic, report.failures.count > 0 {
                    throw CommandError(
                        .invalid, "\(report.failures.count) of \(report.total) lines are not right, so none was stored")
                }
                if isWhole { context.diagnostics.progress("waiting for the daemon: \(batch.count) lines") }
                try send(&batch, query, report, context)
            } catch {
                progress.end()
                try? report.endEarly()
                if report.stored > 0 { context.diagnostics.say(report.description) }
                throw error
            }
            progress.end()
            try report.end()
            context.diagnostics.say(report.description + (dryRun ? " (nothing was changed)" : ""))
            return report
        }

        private func query() throws -> BulkOptions {
            var query = BulkOptions()
            (query.atomic, query.onConflict, query.dryRun) = (atomic, onConflict, dryRun)
            query.defaultCountry = try form.defaultCountry()
            return query
        }

        private func send(
            _ batch: inout ImportBatch, _ query: BulkOptions, _ report: ImportReport, _ context: CommandContext
        ) throws {
            guard batch.count > 0 else { return }
            let sent = batch
            let entry = sent.entries()
            var answered = 0
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
                        try report.add(own, entry: try entry(result.line))
                    }
                }
            } catch let problem as Problem where atomic && !problem.errors.isEmpty {
                report.refused(problem.errors, in: sent)
                throw CommandError(ExitStatus(problem), problem.detail, problem: problem)
            }
            guard answered == sent.count else {
                throw Self.foreign("\(answered) results came for \(sent.count) lines")
            }
            try batch.removeAll()
            try report.flush()
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
