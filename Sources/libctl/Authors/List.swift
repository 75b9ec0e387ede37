public import ArgumentParser
public import Shared

extension AuthorsCommand {
    struct List: ParsableCommand, ContextCommand {
        static let title = "authors list"
        static let configuration = CommandConfiguration(
            "list", "List authors, all of them unless filtered or limited.",
            examples: "authors list", "authors list --search 'wolf hil'",
            "authors list --country Ireland --sort book:desc",
            "authors list --booker-prize --fields book,name -o csv", "authors list --limit 1 -o id",
            "authors list --at 2h")

        @OptionGroup var filter: AuthorFilter

        @Option(
            help: """
                FIELD or FIELD:desc; a field is \(AuthorField.sortable.map(\.name).joined(separator: ", ")). \
                FIELD:bytes heeds case and accents.
                """,
            completion: .custom(Candidates.orders))
        var sort: AuthorSort?

        @Option(help: "Show at most this many authors.")
        var limit: Int?

        @OptionGroup var past: PastOption

        @OptionGroup var options: GlobalOptions

        func validate() throws {
            try CommandError.requireFromOne(limit, "--limit")
        }

        func run(_ context: CommandContext) throws {
            var query = filter.query()
            query.at = try past.at?.point(now: context.io.now())
            if let sort { query.sort = sort }
            let list = try context.output.list(of: Author.self)
            try context.forEachAuthor(query, limit: limit ?? .max) { try list.add($0) }
            try list.end()
            if list.count == 0 { context.sayNothingFound(filter) }
        }
    }
}

extension AuthorSort: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
