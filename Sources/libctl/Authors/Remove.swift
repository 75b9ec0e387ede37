import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Remove: ParsableCommand, ContextCommand {
        static let title = "authors rm"
        static let configuration = CommandConfiguration(
            "rm", "Delete authors and print what was deleted.",
            discussion: """
                Asks on a terminal, and shows what will go. Filters, --all and ids from standard input ('-') \
                always need \
                --yes. An author that has changed since it was shown or found is not deleted.
                """,
            examples: "authors rm 12", "authors rm 12 13 --yes",
            "authors rm --country Atlantis --yes -o ndjson > gone.ndjson",
            "authors list --search draft -o id | libctl authors rm - --yes")

        @Argument(
            help: "Id of the author, or - for ids from standard input.", completion: .custom(Candidates.authors))
        var id: [String] = []

        @OptionGroup var filter: AuthorFilter

        @Flag(help: "Delete the whole library.")
        var all = false

        @OptionGroup var condition: VersionCondition

        @Flag(name: .shortAndLong, help: "Do not ask.")
        var yes = false

        @OptionGroup var options: GlobalOptions

        /// Number of authors that the question lists; it only counts the others.
        private static let shown = 10

        func validate() throws {
            let ways = [!id.isEmpty, !filter.isEmpty, all].filter { $0 }.count
            guard ways == 1 else { throw ValidationError("name the authors: ids, filters, or --all") }
            guard condition.ifVersion == nil || id.count == 1 && id != ["-"] else {
                throw ValidationError("--if-version is for one author")
            }
        }

        func run(_ context: CommandContext) throws {
            let targets = try yes ? chosen(context) : confirmed(context)
            let list = try context.output.list(of: Author.self, single: id.count == 1 && id != ["-"])
            try context.forEach(targets, noun: "author") { target in
                let reply = try context.authorized {
                    try context.client.send(
                        Endpoints.deleteAuthor.call(target.id), authorization: $0,
                        ifMatch: condition.entityTag(target.id) ?? target.entityTag)
                }
                try list.add(reply.author)
            }
            try list.end()
        }

        private func chosen(_ context: CommandContext) throws -> [Target] {
            if id == ["-"] {
                var targets: [Target] = []
                let reader = InputReader(context.io.input)
                while let line = try reader.line() {
                    let text = String(decoding: line, as: UTF8.self)
                    if !text.isEmpty { targets += try CommandError.ids([text]).map { Target(id: $0) } }
                }
                return targets
            }
            if !id.isEmpty { return try CommandError.ids(id).map { Target(id: $0) } }
            var targets: [Target] = []
            try context.streamAuthors(filter.query()) { targets.append(Target($0)) }
            return targets
        }

        /// Shows the authors and asks for confirmation. Throws if one of them does not exist, before any is deleted.
        private func confirmed(_ context: CommandContext) throws -> [Target] {
            guard !id.isEmpty, id != ["-"] else {
                throw CommandError(
                    .usage, "this deletes without naming each author", hint: "add --yes if you mean it")
            }
            let ids = try CommandError.ids(id)
            // Fails here if there is no terminal, before any request is sent.
            try context.requireTerminal().close()
            let authors = try ids.map { try context.author($0) }
            let lines = authors.prefix(Self.shown).map { "  \($0.id)  \($0.name), \($0.book) (\($0.country))" }
            let rest = authors.count > Self.shown ? ["  and \(authors.count - Self.shown) more"] : []
            try context.confirm(
                lines + rest, "Delete \(authors.count == 1 ? "this author" : "these \(authors.count) authors")?",
                otherwise: "nothing was deleted")
            return authors.map { Target($0) }
        }
    }

    /// An author to delete. The entity tag is that of the version that was shown or found, if the author was read.
    private struct Target: CustomStringConvertible {
        let id: Int64
        let entityTag: String?

        init(id: Int64) {
            self.id = id
            entityTag = nil
        }

        init(_ author: Author) {
            id = author.id
            entityTag = author.entityTag
        }

        var description: String { String(id) }
    }
}
