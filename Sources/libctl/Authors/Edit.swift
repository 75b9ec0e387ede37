import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Edit: ParsableCommand, ContextCommand {
        static let title = "authors edit"
        static let configuration = CommandConfiguration(
            "edit", "Change fields of authors; the other fields stay.",
            discussion: """
                --name, --book, --country and --[no-]booker-prize are the new values. The authors are named by ids, \
                or found by --search and --where, which need --yes as --all and ids from standard input ('-') do. Each \
                author is changed by itself: if some fail, they are reported, the others are changed, and the exit \
                code is 8. If somebody else changes an author meanwhile, that change is kept, and this one is a \
                conflict. --dry-run does not find out whether the library has an author with the new values already.
                """,
            examples: "authors edit 12 --country Ireland", "authors edit 12 --no-booker-prize --if-version 3",
            "authors edit 12 13 14 --country Ireland",
            "authors edit --where country=UK --country 'United Kingdom' --yes")

        @Argument(
            help: "Id of the author, or - for ids from standard input.", completion: .custom(Candidates.authors))
        var id: [String] = []

        @OptionGroup var author: AuthorOptions

        @Option(parsing: .unconditional, help: "Change the authors that 'authors list --search' finds.")
        var search: String?

        @Option(
            name: .customLong("where"), parsing: .unconditionalSingleValue,
            help: "Change the authors that have this FIELD=VALUE; may be repeated.")
        var conditions: [String] = []

        @Flag(help: "Change the whole library.")
        var all = false

        @OptionGroup var condition: VersionCondition

        @OptionGroup var batch: BatchOptions

        @Flag(name: .shortAndLong, help: "Change authors that are not named by id.")
        var yes = false

        @OptionGroup var options: GlobalOptions

        func validate() throws {
            let selection = try selection()
            try selection.requireClear("libctl authors edit ID, or --search WORDS, --where FIELD=VALUE or --all")
            try condition.validate(for: selection)
        }

        private func selection() throws -> AuthorSelection {
            var query = AuthorQuery()
            query.search = search
            for text in conditions { try Self.add(text, to: &query.values) }
            return AuthorSelection(ids: id, query: query, all: all)
        }

        /// Adds a condition `FIELD=VALUE`.
        private static func add(_ text: String, to values: inout AuthorValues) throws {
            let names = AuthorField.filterable.map(\.name).joined(separator: ", ")
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let field = AuthorField(name: parts[0]), field.isFilterable else {
                throw CommandError(
                    .usage, "--where takes FIELD=VALUE, and the fields are \(names)",
                    hint: "for example: --where country=Ireland")
            }
            guard !values.has(field) else {
                throw CommandError(.usage, "--where has \(field.name) twice", hint: "leave one of them out")
            }
            guard field.kind == .flag else {
                values[text: field] = parts[1]
                return
            }
            guard let flag = Bool(parts[1]) else {
                throw CommandError(
                    .usage, "\(field.name) is true or false", hint: "for example: --where \(field.name)=true")
            }
            values[flag: field] = flag
        }

        func run(_ context: CommandContext) throws {
            let selection = try selection()
            let patch = AuthorPatch(author.values)
            guard !patch.values.isEmpty else {
                throw CommandError(
                    .usage, "there is nothing to change",
                    hint: "use --name, --book, --country, --booker-prize or --no-booker-prize")
            }
            let body = try patch.validated()
            let list = try context.output.list(of: Author.self, single: selection.isOne)
            guard !batch.dryRun else {
                return try batch.tryOut(list, selection, condition, "change", context) { $0.changed(by: body) }
            }
            guard yes || selection.isNamed else { throw selection.refusal(to: "change", context) }
            try batch.change(try selection.targets(context), list, condition, context) { target in
                // An author that is only named has to be read, so that no change since then is overwritten.
                let isRead = condition.ifVersion == nil && target.entityTag == nil
                let tag = isRead ? try context.author(target.id).entityTag : target.entityTag
                return (Endpoints.updateAuthor.call(target.id, body), tag)
            }
        }
    }
}

/// The condition that the author still has a certain version.
struct VersionCondition: ParsableArguments {
    @Option(help: "Only if the author is still at this version.")
    var ifVersion: Int64?

    func entityTag(_ id: Int64) -> String? {
        ifVersion.map { Author.entityTag(id: id, version: $0) }
    }

    func validate(for selection: AuthorSelection) throws {
        guard ifVersion == nil || selection.isOne else {
            throw CommandError(.usage, "--if-version is for one author", hint: "name one id")
        }
    }
}

extension Author {
    /// The author after a change, with the version and the time that it has now.
    fileprivate func changed(by patch: AuthorPatch) -> Author {
        Author(
            id: id, AuthorDraft(patch.values.filled(from: draft.values)), createdAt: createdAt, updatedAt: updatedAt,
            version: version)
    }
}

extension CommandContext {
    func author(_ id: Int64) throws -> Author {
        try authorized {
            try client.send(Endpoints.author.call(id), authorization: $0)
        }
    }
}
