import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Edit: ParsableCommand, ContextCommand {
        static let title = "authors edit"
        static let configuration = CommandConfiguration(
            "edit", "Change an author; what is not named stays.",
            discussion: "A change that somebody else makes meanwhile is not overwritten: that is a conflict.",
            examples: "authors edit 12 --country Ireland", "authors edit 12 --no-booker-prize --if-version 3")

        @Argument(help: "Id of the author.", completion: .custom(Candidates.authors))
        var id: String

        @OptionGroup var author: AuthorOptions

        @OptionGroup var condition: VersionCondition

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let id = try CommandError.ids([id])[0]
            let patch = AuthorPatch(author.values)
            guard !patch.values.isEmpty else {
                throw CommandError(
                    .usage, "nothing to change", hint: "use --name, --book, --country or --[no-]booker-prize")
            }
            let body = try patch.validated()
            let tag = try condition.entityTag(id) ?? context.author(id).entityTag
            let reply = try context.authorized {
                try context.client.send(Endpoints.updateAuthor.call(id, body), authorization: $0, ifMatch: tag)
            }
            try context.output.show(reply.author)
        }
    }
}

/// The condition that the author still has a certain version.
struct VersionCondition: ParsableArguments {
    @Option(help: "Only if the author still has this version.")
    var ifVersion: Int64?

    func entityTag(_ id: Int64) -> String? {
        ifVersion.map { Author.entityTag(id: id, version: $0) }
    }
}

extension CommandContext {
    func author(_ id: Int64) throws -> Author {
        try authorized {
            try client.send(Endpoints.author.call(id), authorization: $0)
        }
    }
}
