public import ArgumentParser
import Glibc
public import Shared

extension AuthorsCommand {
    struct Import: ParsableCommand, SessionCommand {
        static let title = "authors import"
        static let configuration = CommandConfiguration(
            "import", "Add all authors of a file, in few requests.",
            discussion: """
                A file is CSV or TSV with a header line, or NDJSON with one object a line; the columns are name, book, \
                country and booker_prize. A bad line is told of with its number, and the rest goes on. Other people's \
                columns get their meaning by --map; --default fills what they do not have.
                """,
            examples: "authors import library.csv --dry-run",
            "authors import goodreads_library_export.csv --map name=Author,book=Title "
                + "--default country=Unknown --on-conflict skip",
            "authors import librarything.tsv --map 'name=Primary Author,book=Title' --default country=Unknown",
            "authors import library.ndjson --atomic", "authors import - --rejects bad.ndjson < library.csv")

        @Argument(help: "File to read; - is standard input.", completion: .file()) var file: String

        @OptionGroup var form: FileOptions

        @Option(help: "What to do with an author that is there already.")
        var onConflict = BulkOptions.Conflict.fail

        @Flag(help: "All lines or none.") var atomic = false

        @Flag(help: "Only tell what would happen.") var dryRun = false

        @Option(help: "File for the lines that fail, as NDJSON.", completion: .file())
        var rejects: String?

        @OptionGroup var options: GlobalOptions

        /// Lines of a request that need not be one with all others.
        private static let batch = 2000
        /// As much as the daemon takes in one request.
        private static let largestBody = 64 << 20

        func run(_ session: Session) throws {
            try session.reading(file) { descriptor in
                try RejectFile.with(rejects) { try run(session, descriptor, $0) }
            }
        }

        private func run(_ session: Session, _ descriptor: Int32, _ rejects: RejectFile?) throws {
            let source = try LineSource(Reader(descriptor), form, session)
            let progress = Progress(session.talk, size: Self.size(of: descriptor), noun: "lines")
            var tally = ImportTally()
            defer { progress.end() }

            var query = BulkOptions()
            (query.atomic, query.onConflict, query.dryRun) = (atomic, onConflict, dryRun)
            var batch = ImportBatch()
            do {
                while let line = try source.next() {
                    tally.total += 1
                    switch line.draft {
                    case .success(let draft): batch.add(draft, line.number)
                    case .failure(let fault):
                        progress.end()
                        session.talk.warn("line \(line.number): \(fault)")
                        try rejects?.add(line.number, "\(fault)", nil)
                        tally.failures.add(CommandFailure(fault))
                    }
                    if batch.body.count > Self.largestBody - (2 << 20), atomic || dryRun {
                        throw CommandFailure(.invalid, "the file is too large to be stored all or nothing")
                    }
                    if batch.lines.count == Self.batch, !atomic, !dryRun {
                        try send(&batch, query, &tally, rejects, progress, session)
                        progress.show(tally.total, source.received)
                    }
                }
                if atomic, tally.failures.count > 0 {
                    throw CommandFailure(
                        .invalid, "\(tally.failures.count) of \(tally.total) lines are not right, so none was stored")
                }
                try send(&batch, query, &tally, rejects, progress, session)
            } catch {
                progress.end()
                if tally.stored > 0 { session.talk.say(tally.description) }
                throw error
            }
            progress.end()
            session.talk.say(tally.description + (dryRun ? " (nothing was changed)" : ""))
            try tally.failures.end(of: tally.total, noun: "lines")
        }

        private func send(
            _ batch: inout ImportBatch, _ query: BulkOptions, _ tally: inout ImportTally, _ rejects: RejectFile?,
            _ progress: Progress, _ session: Session
        ) throws {
            guard !batch.lines.isEmpty else { return }
            let results: [BulkResult]
            do {
                results = try session.authorized {
                    try session.client.send(
                        Endpoints.createAuthor, query.items, lines: batch.body, authorization: $0)
                }
            } catch let problem as Problem where atomic && !problem.errors.isEmpty {
                progress.end()
                for error in problem.errors {
                    // The daemon counts the lines that it was sent.
                    let index = error.field.split(separator: " ").last.flatMap { Int($0) } ?? 0
                    let line = batch.lines.indices.contains(index - 1) ? batch.lines[index - 1].number : index
                    session.talk.warn("line \(line): \(error.message)")
                }
                throw CommandFailure(ExitStatus(problem), problem.detail, problem: problem)
            }
            guard results.count == batch.lines.count else {
                throw CommandFailure(
                    .foreignReply, "\(results.count) results came for \(batch.lines.count) lines",
                    hint: "import the file again with --on-conflict skip")
            }
            for (result, line) in zip(results, batch.lines) {
                guard let code = result.code else {
                    tally.outcomes[result.outcome, default: 0] += 1
                    continue
                }
                let id = result.existingID.map { " It has the id \($0)." } ?? ""
                let message = (result.message ?? code.rawValue) + id
                progress.end()
                session.talk.warn("line \(line.number): \(message)")
                try rejects?.add(line.number, message, line.draft)
                tally.failures.add(CommandFailure(ExitStatus(line: code), message))
            }
            batch = ImportBatch()
        }

        private static func size(of descriptor: Int32) -> Int? {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return Int(status.st_size)
        }
    }
}

extension BulkOptions.Conflict: ExpressibleByArgument {}
