import ArgumentParser
import LibraryServer
import LibraryStore
import Shared

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Change the key that signs tokens.", subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign with a new key from now on, whether the daemon is up or down.",
            discussion: """
                Nobody is logged out: a token that the old key has signed stays valid until it expires. If others know \
                the old key, rotate twice: then no token of that key is valid, and clients refresh their tokens by \
                themselves.
                """)

        @OptionGroup var flags: FolderFlags

        func run() async throws {
            try await Exit.reporting {
                let rotation = try await flags.perform(.rotateKey)
                print("new key \(rotation.keyID); tokens of the one before are good until \(rotation.retiredUntil)")
            }
        }
    }
}
