import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Export: ParsableCommand, ContextCommand {
        static let title = "authors export"
        static let configuration = CommandConfiguration(
            "export", "Write authors to a file that import reads.",
            discussion: """
                The file is whole, or it is not there: it gets its name at the end, and what had that name is \
                replaced. \
                NDJSON unless the file is named .csv or -o says so.
                """,
            examples: "authors export library.csv", "authors export --booker-prize winners.ndjson",
            "--user ada authors export | libctl --user bob authors import -")

        @Argument(help: "File to write; - is standard output. (default: -)", completion: .file()) var file = "-"

        @OptionGroup var filter: AuthorFilter

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            guard !file.lowercased().hasSuffix(".tsv") || options.format != nil else {
                throw CommandError(
                    .usage, "TSV has no header, so import could not read it", hint: "name the file .csv, or use -o tsv")
            }
            guard file != "-" else { return try write(context, to: context.io.output) }
            try PrivateFile.replace(file, patience: context.io.patience) { try write(context, to: $0) }
        }

        private func write(_ context: CommandContext, to descriptor: Int32) throws {
            let standard: OutputFormat = options.json ? .json : file.lowercased().hasSuffix(".csv") ? .csv : .ndjson
            let output = try context.output(as: options.format ?? standard, to: descriptor)
            let list = try output.list(of: Author.self)
            let progress = Progress(context.diagnostics, size: nil, noun: "authors")
            defer { progress.end() }
            var count = 0
            try context.streamAuthors(filter.query()) { author in
                try list.add(author)
                count += 1
                if count.isMultiple(of: 2000) { progress.show(count, 0) }
            }
            try list.end()
            try output.flush()
            progress.end()
            context.diagnostics.say("exported \(count) authors")
        }
    }
}

extension CommandContext {
    /// Calls `body` with each author that the query finds, while the daemon streams the list.
    func streamAuthors(_ query: AuthorQuery, _ body: (Author) throws -> Void) throws {
        let path = Endpoints.authorFile.path(query)
        var lines = RecordReader(csv: false)
        func take(_ record: RecordReader.Record) throws {
            guard record.fault == nil, let author = try? Author(json: record.fields[0], unknownMembers: .ignored) else {
                throw CommandError(.protocolError, "the reply from \(server.origin) is not a list of authors")
            }
            try body(author)
        }
        try authorized { authorization in
            try client.stream(
                path, as: AuthorLines.Format.ndjson.mediaType, authorization: authorization, patience: 60
            ) { try lines.append($0, take) }
        }
        try lines.end(take)
    }
}
