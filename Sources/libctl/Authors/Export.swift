import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Export: ParsableCommand, SessionCommand {
        static let title = "authors export"
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write authors to a file that import reads.",
            discussion: """
                The file is whole, or it is not there: it gets its name at the end, and what had that name is replaced. \
                NDJSON unless the file is named .csv or -o says so.
                """)

        @Argument(help: "File to write; - is standard output. (default: -)", completion: .file()) var file = "-"

        @OptionGroup var filter: AuthorFilter

        @OptionGroup var options: GlobalOptions

        func run(_ session: Session) throws {
            guard file != "-" else { return try write(session, to: session.io.output) }
            try PrivateFile.replace(file) { try write(session, to: $0) }
        }

        private func write(_ session: Session, to descriptor: Int32) throws {
            var (options, io) = (options, session.io)
            let isNamedCSV = file.lowercased().hasSuffix(".csv")
            options.format = options.format ?? (isNamedCSV && !options.json ? .csv : .ndjson)
            io.output = descriptor
            let output = try Output(options: options, io: io)
            let list = try output.list(of: Author.self)
            var count = 0
            try session.forEachAuthor(filter.query()) { author in
                try list.add(author)
                count += 1
            }
            try list.end()
            try output.flush()
            session.talk.say("exported \(count) authors")
        }
    }
}
