import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Remove: ParsableCommand, SessionCommand {
        static let title = "authors rm"
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Delete authors and print what was deleted.",
            discussion: "Asks on a terminal. Filters, --all and ids from standard input ('-') always need --yes.")

        @Argument(
            help: "Id of the author, or - for ids from standard input.", completion: .custom(Candidates.authors))
        var id: [String] = []

        @OptionGroup var filter: AuthorFilter

        @Flag(help: "Delete the whole library.")
        var all = false

        @Flag(name: .shortAndLong, help: "Do not ask.")
        var yes = false

        @OptionGroup var options: GlobalOptions

        func validate() throws {
            let ways = [!id.isEmpty, !filter.isEmpty, all].filter { $0 }.count
            guard ways == 1 else { throw ValidationError("say which authors: ids, filters, or --all") }
        }

        func run(_ session: Session) throws {
            let ids = try chosen(session)
            if !yes {
                let what = ids.count == 1 ? "author \(ids[0])" : "\(ids.count) authors"
                try session.confirm("Delete \(what)?", otherwise: "nothing was deleted")
            }
            let list = try session.output.list(of: Author.self, single: id.count == 1 && id != ["-"])
            try session.forEach(ids, noun: "author") { id in
                let reply = try session.authorized {
                    try session.client.call(
                        Endpoints.deleteAuthor, path: Endpoints.deleteAuthor.path(String(id)), authorization: $0)
                }
                try list.add(reply.author)
            }
            try list.end()
        }

        private func chosen(_ session: Session) throws -> [Int64] {
            if id != ["-"], !id.isEmpty { return try CommandFailure.ids(id) }
            guard yes else {
                throw CommandFailure(
                    .usage, "this deletes without naming each author", hint: "add --yes if you mean it")
            }
            var ids: [Int64] = []
            if id == ["-"] {
                let reader = Reader(session.io.input)
                while let line = try reader.line() {
                    let text = String(decoding: line, as: UTF8.self)
                    if !text.isEmpty { ids += try CommandFailure.ids([text]) }
                }
            } else {
                try session.forEachAuthor(filter.query()) { ids.append($0.id) }
            }
            return ids
        }
    }
}
