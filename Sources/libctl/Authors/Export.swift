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
                It is NDJSON unless its name ends in .csv, .tsv or .json, or -o says csv, tsv, json or ndjson.
                """,
            examples: "authors export library.csv", "authors export --booker-prize winners.ndjson",
            "authors export before.csv --at '2026-11-26 18:04'",
            "authors export for-excel.csv --bom", "authors export - -o csv | gzip > library.csv.gz",
            "--user ada authors export | libctl --user bob authors import -")

        @Argument(help: "File to write; - is standard output.", completion: .file()) var file = "-"

        @OptionGroup var filter: AuthorFilter

        @Flag(help: "Begin a CSV or TSV file with a byte order mark, by which Excel knows that it is UTF-8.")
        var bom = false

        @OptionGroup var past: PastOption

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let format = try format()
            guard !bom || [.csv, .tsv].contains(format) else {
                throw CommandError(.usage, "--bom is for CSV and TSV, not for \(format.rawValue)", hint: "add -o csv")
            }
            guard file != "-" else { return try write(context, format, to: context.io.output) }
            try PrivateFile.replace(file, patience: context.io.patience) { try write(context, format, to: $0) }
        }

        /// The format that the options or the name of the file say.
        /// - Throws: ``CommandError`` `usage` for a format that import does not read.
        private func format() throws -> OutputFormat {
            let name = file.lowercased()
            if let asked = options.json ? .json : options.format {
                guard [.csv, .tsv, .json, .ndjson].contains(asked) else {
                    throw CommandError(
                        .usage, "import cannot read a file with -o \(asked.rawValue)",
                        hint: "use -o csv, tsv, json or ndjson; or libctl authors list -o \(asked.rawValue)")
                }
                return asked
            }
            for ending in [".gz", ".bz2", ".xz", ".zst", ".zip", ".xlsx", ".xls", ".ods", ".pdf", ".db", ".xml"]
            where name.hasSuffix(ending) {
                throw CommandError(
                    .usage, "export does not write \(ending) files", hint: "name the file .csv, .tsv, .json or .ndjson")
            }
            return [OutputFormat.csv, .tsv, .json].first { name.hasSuffix(".\($0.rawValue)") } ?? .ndjson
        }

        private func write(_ context: CommandContext, _ format: OutputFormat, to descriptor: Int32) throws {
            let output = try context.output(as: format, to: descriptor, header: options.headers ?? true)
            if bom { try output.write("\u{FEFF}") }
            let list = try output.list(of: Author.self)
            let progress = Progress(context.diagnostics, size: nil, noun: "authors")
            defer { progress.end() }
            var query = filter.query()
            query.at = try past.at?.point(now: context.io.now())
            try context.streamAuthors(query) { author in
                try list.add(author)
                if list.count.isMultiple(of: 2000) { progress.show(list.count, 0) }
            }
            try list.end()
            try output.flush()
            progress.end()
            context.diagnostics.say("exported \(counted(list.count, "author"))")
        }
    }
}

extension CommandContext {
    /// Calls `body` with each author that the query finds, while the daemon streams the list.
    func streamAuthors(_ query: AuthorQuery, _ body: (Author) throws -> Void) throws {
        let path = Endpoints.authorFile.path(query)
        var lines = JSONRecords()
        func take(_ record: Record) throws {
            guard record.fault == nil, let author = try? Author(json: record.content, unknownMembers: .ignored) else {
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
