import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Remove: ParsableCommand, ContextCommand {
        static let title = "authors rm"
        static let configuration = CommandConfiguration(
            "rm", "Delete authors and print what was deleted.",
            discussion: """
                Asks on a terminal, and shows which authors would go. Filters, --all and ids from standard input \
                ('-') always need --yes. An author that has changed since it was shown or found is not deleted. \
                --dry-run needs no --yes.
                """,
            examples: "authors rm 12", "authors rm 12 13 --yes", "authors rm --country Atlantis --dry-run",
            "authors rm --country Atlantis --yes -o ndjson > gone.ndjson",
            "authors list --search draft -o id | libctl authors rm - --yes")

        @Argument(
            help: "Id of the author, or - for ids from standard input.", completion: .custom(Candidates.authors))
        var id: [String] = []

        @OptionGroup var filter: AuthorFilter

        @Flag(help: "Delete the whole library.")
        var all = false

        @OptionGroup var condition: VersionCondition

        @OptionGroup var batch: BatchOptions

        @Flag(name: .shortAndLong, help: "Do not ask.")
        var yes = false

        @OptionGroup var options: GlobalOptions

        /// Number of authors that the question lists; it only counts the others.
        private static let shown = 10

        private var selection: AuthorSelection { AuthorSelection(ids: id, query: filter.query(), all: all) }

        func validate() throws {
            try selection.requireClear("libctl authors rm ID, or a filter such as --country, or --all")
            try condition.validate(for: selection)
        }

        func run(_ context: CommandContext) throws {
            let list = try context.output.list(of: Author.self, single: selection.isOne)
            guard !batch.dryRun else {
                return try batch.tryOut(list, selection, condition, "delete", context) { author in author }
            }
            let targets = try yes ? selection.targets(context) : confirmed(context)
            if targets.isEmpty {
                context.sayEmpty(
                    all
                        ? "there are no authors to delete"
                        : id.isEmpty ? "nothing matched, so nothing was deleted" : "no ids were read")
            }
            try batch.change(targets, list, condition, context) { target in
                (Endpoints.deleteAuthor.call(target.id), target.entityTag)
            }
        }

        /// Shows the authors and asks for confirmation. Throws if one of them does not exist, before any is deleted.
        private func confirmed(_ context: CommandContext) throws -> [AuthorSelection.Target] {
            guard selection.isNamed else { throw selection.refusal(to: "delete", context) }
            let ids = try CommandError.ids(id)
            // Fails here if there is no terminal, before any request is sent.
            try context.requireTerminal().close()
            var authors: [Author] = []
            for id in ids {
                try context.skippingMissing(batch.ignoreMissing) { authors.append(try context.author(id)) }
            }
            guard !authors.isEmpty else { return [] }
            let lines = authors.prefix(Self.shown).map { "  " + $0.line }
            let rest = authors.count > Self.shown ? ["  and \(authors.count - Self.shown) more"] : []
            try context.confirm(
                lines + rest, "Delete \(authors.count == 1 ? "this author" : "these \(authors.count) authors")?",
                otherwise: "nothing was deleted")
            return authors.map { .init(id: $0.id, entityTag: $0.entityTag) }
        }
    }
}

/// The options of commands that change several authors.
struct BatchOptions: ParsableArguments {
    @Flag(help: "Skip ids that have no author.")
    var ignoreMissing = false

    @Flag(help: "Change nothing; print what would be done.")
    var dryRun = false

    /// Shows what would become of the authors, and changes nothing.
    /// - Parameters:
    ///   - verb: what would be done to them.
    ///   - change: what would become of one of them.
    func tryOut(
        _ list: RecordPrinter<Author>, _ selection: AuthorSelection, _ condition: VersionCondition, _ verb: String,
        _ context: CommandContext, _ change: (Author) -> Author
    ) throws {
        try selection.forEach(context, skipsMissing: ignoreMissing) { author in
            if let version = condition.ifVersion, version != author.version {
                throw CommandError(changed: author.id, version: version, now: author.version)
            }
            try list.add(change(author))
        }
        try list.end()
        try context.output.flush()
        context.diagnostics.say("would \(verb) \(counted(list.count, "author")); nothing was changed")
    }

    /// Changes or deletes each of the authors, and shows what the daemon replies.
    /// - Parameter call: the request for one of them, and the entity tag that the author must have, unless the
    ///   condition names a version; `nil` for any.
    func change(
        _ targets: [AuthorSelection.Target], _ list: RecordPrinter<Author>, _ condition: VersionCondition,
        _ context: CommandContext,
        _ call: (AuthorSelection.Target) throws -> (EndpointCall<AuthorReply>, entityTag: String?)
    ) throws {
        try context.forEach(targets, noun: "author") { target in
            try context.skippingMissing(ignoreMissing) {
                let (request, tag) = try call(target)
                let reply = try context.conditional(target.id, version: condition.ifVersion) {
                    try context.authorized {
                        try context.client.send(
                            request, authorization: $0, ifMatch: condition.entityTag(target.id) ?? tag)
                    }
                }
                try list.add(reply.author)
            }
        }
        try list.end()
    }
}
