import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Edit: ParsableCommand, SessionCommand {
        static let title = "authors edit"
        static let configuration = CommandConfiguration(
            commandName: "edit", abstract: "Change an author; what is not named stays.")

        @Argument(help: "Id of the author.", completion: .custom(Candidates.authors))
        var id: String

        @Option(parsing: .unconditional, help: "New name.") var name: String?
        @Option(parsing: .unconditional, help: "New title of the book.") var book: String?
        @Option(parsing: .unconditional, help: "New country.") var country: String?

        @Flag(inversion: .prefixedNo, help: "Whether the book won the Booker Prize.")
        var bookerPrize: Bool?

        @OptionGroup var options: GlobalOptions

        func run(_ session: Session) throws {
            let path = Endpoints.updateAuthor.path(String(try CommandFailure.ids([id])[0]))
            let patch = AuthorPatch(name: name, book: book, country: country, bookerPrize: bookerPrize)
            guard patch != AuthorPatch() else {
                throw CommandFailure(
                    .usage, "nothing to change", hint: "say --name, --book, --country or --[no-]booker-prize")
            }
            let body = try patch.validated()
            let reply = try session.authorized {
                try session.client.call(Endpoints.updateAuthor, path: path, authorization: $0, body: body)
            }
            try session.output.show(reply.author)
        }
    }
}
