import ArgumentParser
import Glibc
import Shared

extension AuthorsCommand {
    struct Add: ParsableCommand, ContextCommand {
        static let title = "authors add"
        static let configuration = CommandConfiguration(
            "add", "Add an author, or many from a file, and print them.",
            discussion: """
                A file is read as 'authors import' reads it, but each line is a request of its own, so that the new \
                authors can be printed. A bad line is reported with its number, and the rest goes on.
                """,
            examples:
                "authors add --name 'Hilary Mantel' --book 'Wolf Hall' \\\n"
                + "      --country 'United Kingdom' --booker-prize",
            "authors add -f new.csv -o id", "authors list -o ndjson | libctl --user bob authors add -f -")

        @OptionGroup var author: AuthorOptions

        @Option(name: .shortAndLong, help: "File to read authors from; - is standard input.", completion: .file())
        var file: String?

        @OptionGroup var form: FileOptions

        @OptionGroup var options: GlobalOptions

        func validate() throws {
            let values = author.values
            let missing = AuthorField.texts.filter { $0.isRequired && !values.has($0) }.map { "--\($0.name)" }
            if file == nil, let last = missing.last {
                let others = missing.dropLast().joined(separator: ", ")
                throw CommandError(
                    .usage, others.isEmpty ? "\(last) is missing" : "\(others) and \(last) are missing",
                    hint: "libctl authors add --name NAME --book BOOK --country COUNTRY, or --file FILE")
            }
            if file != nil, !values.isEmpty {
                throw CommandError(
                    .usage, "--file and the fields of one author contradict each other",
                    hint: "leave out --file, or --name, --book, --country and --booker-prize")
            }
        }

        func run(_ context: CommandContext) throws {
            if let file { return try context.reading(file) { try addAll(InputReader($0), file, context) } }
            let draft = try AuthorDraft(author.values).validated()
            try context.output.show(try create(draft, context))
        }

        private func create(_ draft: AuthorDraft, _ context: CommandContext) throws -> Author {
            try context.authorized {
                try context.client.send(Endpoints.createAuthor.call(draft), authorization: $0)
            }.author
        }

        private func addAll(_ reader: InputReader, _ name: String, _ context: CommandContext) throws {
            let country = try form.defaultCountry()
            let lines = try LineSource(reader, name: name, form, context, restIsNeeded: country == nil)
            let list = try context.output.list(of: Author.self)
            var failures = BatchFailures()
            var total = 0
            defer { context.diagnostics.endProgress() }
            while let line = try lines.next() {
                total += 1
                do {
                    try list.add(try create(try line.entry.get().draft(country: country), context))
                } catch {
                    let failure = CommandError(error)
                    if failure.endsBatch {
                        context.diagnostics.endProgress()
                        context.diagnostics.say(
                            "added \(counted(total - 1 - failures.count, "author")) before \(lines.noun) \(line.number)"
                        )
                        throw failure
                    }
                    failures.add(failure)
                    context.diagnostics.endProgress()
                    context.diagnostics.warn("\(lines.noun) \(line.number): \(failure.reason)")
                }
                if total.isMultiple(of: 50) { context.diagnostics.progress("\(counted(total, "line")) …") }
            }
            context.diagnostics.endProgress()
            try list.end()
            try context.output.flush()
            context.diagnostics.say("added \(counted(total - failures.count, "author")), \(failures.count) failed")
            try failures.end(of: total, noun: "lines")
        }
    }
}
