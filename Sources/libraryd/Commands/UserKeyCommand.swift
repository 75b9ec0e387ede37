import ArgumentParser
import CommandHelp
import LibraryServer
import LibraryStore
import Shared

extension UserCommand {
    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "key",
            abstract: "Create, list and revoke the API keys of a user, with which programs call the API.",
            subcommands: [Add.self, List.self, Remove.self])

        struct Add: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Create an API key of a user and print it; it is shown this once.",
                discussion: "A program sends it as a Bearer token, libctl as LIBCTL_TOKEN.")

            @OptionGroup var target: Target
            @Argument(help: "Name of the key.") var key: String
            @Option(help: "What the key may do: read, or write, which reads too.") var scope: KeyScope
            @Option(
                help: ArgumentHelp("How long the key is valid, such as 90d. (default: until it is revoked)"))
            var expires: TimeSpan?
            @OptionGroup var output: OutputOptions

            func run() async throws {
                try await Exit.reporting("user key add", asJSON: output.wantsJSON) {
                    let wanted = APIKeyRequest(name: key, scope: scope, expiresIn: expires?.seconds)
                    _ = try wanted.validated()
                    let created = try await target.flags.perform(.addKey(wanted, of: target.name))
                    guard let format = output.format else { return print(created.secret) }
                    Listing(
                        one: created,
                        [.init("name", \.key.name), .init("scope", \.key.scope), .init("key", \.secret)]
                    ).show(format)
                }
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "List the API keys of a user, without their secrets.")

            @OptionGroup var target: Target
            @OptionGroup var output: OutputOptions

            func run() async throws {
                try await Exit.reporting("user key list", asJSON: output.wantsJSON) {
                    let list = try await target.flags.perform(.keys(of: target.name))
                    Listing(
                        list.keys,
                        [
                            .init("name", \.name), .init("scope", \.scope),
                            .init("created_at", \.createdAt.description),
                            .init("expires_at") { $0.expiresAt?.description ?? "" },
                            .init("last_used_at") { $0.usedAt?.description ?? "" },
                        ]
                    ).show(output.format ?? .automatic)
                }
            }
        }

        struct Remove: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "rm", abstract: "Revoke an API key: the next request with it is refused.")

            @OptionGroup var target: Target
            @Argument(help: "Name of the key.") var key: String

            func run() async throws {
                try await Exit.reporting {
                    _ = try await target.flags.perform(.revokeKey(key, of: target.name))
                    print("revoked the key \(key) of \(target.name)")
                }
            }
        }
    }
}
