import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Show: ParsableCommand, ContextCommand {
        static let title = "authors show"
        static let configuration = CommandConfiguration(
            "show", "Show authors by id.",
            discussion: "On a terminal each field has a line of its own, and long texts are whole.",
            examples: "authors show 12", "authors show 12 13 --json", "authors show 12 13 --ignore-missing")

        @Argument(help: "Id of the author.", completion: .custom(Candidates.authors))
        var id: [String]

        @Flag(help: "Skip ids that have no author.")
        var ignoreMissing = false

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let ids = try CommandError.ids(id)
            let list = try context.output.list(
                of: Author.self, single: ids.count == 1, asRecords: options.format == nil)
            try context.forEach(ids, noun: "author") { id in
                try context.skippingMissing(ignoreMissing) { try list.add(try context.author(id)) }
            }
            try list.end()
        }
    }
}
