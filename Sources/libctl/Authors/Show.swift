import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Show: ParsableCommand, SessionCommand {
        static let title = "authors show"
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show authors by id.")

        @Argument(help: "Id of the author.", completion: .custom(Candidates.authors))
        var id: [String]

        @OptionGroup var options: GlobalOptions

        func run(_ session: Session) throws {
            let ids = try CommandFailure.ids(id)
            let list = try session.output.list(of: Author.self, single: ids.count == 1)
            try session.forEach(ids, noun: "author") { id in
                let author = try session.authorized {
                    try session.client.call(
                        Endpoints.author, path: Endpoints.author.path(String(id)), authorization: $0)
                }
                try list.add(author)
            }
            try list.end()
        }
    }
}
