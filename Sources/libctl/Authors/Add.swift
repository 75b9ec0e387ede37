import ArgumentParser
import Glibc
import Shared

extension AuthorsCommand {
    struct Add: ParsableCommand, SessionCommand {
        static let title = "authors add"
        static let configuration = CommandConfiguration(
            "add", "Add an author, or many from a file, and print them.",
            discussion: """
                A file is read as 'authors import' reads it, but each line is a request of its own, so that what was \
                stored can be printed. A bad line is told of with its number, and the rest goes on.
                """,
            examples: "authors add --name 'Hilary Mantel' --book 'Wolf Hall' --country 'United Kingdom' --booker-prize",
            "authors add -f new.csv -o id", "authors list -o ndjson | libctl --user bob authors add -f -")

        @OptionGroup var author: AuthorOptions

        @Option(name: .shortAndLong, help: "File to read authors from; - is standard input.", completion: .file())
        var file: String?

        @OptionGroup var form: FileOptions

        @OptionGroup var options: GlobalOptions

        func validate() throws {
            let values = author.values
            if file == nil, AuthorField.texts.contains(where: { $0.isRequired && !values.has($0) }) {
                throw ValidationError("say --name, --book and --country, or --file")
            }
            if file != nil, !values.isEmpty {
                throw ValidationError("--file brings its own names, books and countries")
            }
        }

        func run(_ session: Session) throws {
            if let file { return try session.reading(file) { try addAll(Reader($0), session) } }
            let draft = try AuthorDraft(author.values).validated()
            try session.output.show(try create(draft, session))
        }

        private func create(_ draft: AuthorDraft, _ session: Session) throws -> Author {
            try session.authorized {
                try session.client.call(Endpoints.createAuthor, authorization: $0, body: draft)
            }.author
        }

        private func addAll(_ reader: Reader, _ session: Session) throws {
            let country = try form.defaultCountry()
            let lines = try LineSource(reader, form, session, restIsNeeded: country == nil)
            let list = try session.output.list(of: Author.self)
            var failures = BatchFailures()
            var total = 0
            defer { session.talk.endProgress() }
            while let line = try lines.next() {
                total += 1
                do {
                    try list.add(try create(try line.entry.get().draft(country: country), session))
                } catch {
                    let failure = CommandError(error)
                    if failure.endsBatch {
                        session.talk.endProgress()
                        session.talk.say("added \(total - 1 - failures.count) authors before line \(line.number)")
                        throw failure
                    }
                    failures.add(failure)
                    session.talk.endProgress()
                    session.talk.warn("line \(line.number): \(failure.reason)")
                }
                if total.isMultiple(of: 50) { session.talk.progress("\(total) lines …") }
            }
            session.talk.endProgress()
            try list.end()
            try session.output.flush()
            session.talk.say("added \(total - failures.count) authors, \(failures.count) failed")
            try failures.end(of: total, noun: "lines")
        }
    }
}
