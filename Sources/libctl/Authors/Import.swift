public import ArgumentParser
import Glibc
public import Shared

extension AuthorsCommand {
    struct Import: ParsableCommand, SessionCommand {
        static let title = "authors import"
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Add all authors of a file, in few requests.",
            discussion: """
                A file is CSV with a header line, or NDJSON with one object a line; the columns are name, book, country \
                and booker_prize. A bad line is told of with its number, and the rest goes on. Other people's files: \
                --map name=Author,book=Title
                """)

        @Argument(help: "File to read; - is standard input.", completion: .file()) var file: String

        @Option(help: "csv or ndjson. (default: by the first character)")
        var fileFormat: AuthorLines.Format?

        @Option(help: "Names of columns, such as name=Author,book=Title.")
        var map: String?

        @Option(help: "What to do with an author that is there already: fail, skip or update.")
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
            let descriptor = file == "-" ? session.io.input : open(file, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw CommandFailure(.unreadable, "\(file): \(systemError())") }
            defer { if file != "-" { close(descriptor) } }
            let source = try LineSource(Reader(descriptor), format: fileFormat, names: try names(), session)
            let progress = Progress(session.talk, size: Self.size(of: descriptor))
            let rejects = try rejects.map { try RejectFile($0) }
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
                        tally.failures.append(CommandFailure(fault))
                    }
                    if batch.body.count > Self.largestBody - (2 << 20), atomic || dryRun {
                        throw CommandFailure(.invalid, "the file is too large to be stored all or nothing")
                    }
                    if batch.lines.count == Self.batch, !atomic, !dryRun {
                        try send(&batch, query, &tally, rejects, progress, session)
                        progress.show(tally.total, source.received)
                    }
                }
                if atomic, !tally.failures.isEmpty {
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
            try rejects?.end()
            session.talk.say(tally.description + (dryRun ? " (nothing was changed)" : ""))
            try CommandFailure.summarize(tally.failures, of: tally.total, noun: "lines")
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
                tally.failures.append(CommandFailure(ExitStatus(line: code), message))
            }
            batch = ImportBatch()
        }

        private func names() throws -> [String: String] {
            var names: [String: String] = [:]
            for pair in map?.split(separator: ",") ?? [] {
                let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let field = String(words[0])
                let known = ["name", "book", "country", "booker_prize"]
                guard words.count == 2, known.contains(field), names[field] == nil else {
                    throw CommandFailure(
                        .usage, "'\(pair)' maps no column",
                        hint: "say FIELD=COLUMN, a field being one of \(known.joined(separator: ", "))")
                }
                names[field] = String(words[1])
            }
            return names
        }

        private static func size(of descriptor: Int32) -> Int? {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return Int(status.st_size)
        }
    }
}

extension BulkOptions.Conflict: ExpressibleByArgument {}
