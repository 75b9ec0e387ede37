import ArgumentParser
import LibraryServer
import LibraryStore
import Shared

struct HealthcheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ask the running daemon whether it serves requests and stores writes.",
        discussion: """
            For containers, cron and monitoring. Exits with 0 if all is well, with 69 if no daemon runs on the folder, \
            and with 75 if the daemon does not answer in time, or stores no writes at the moment.
            """)

    @OptionGroup var flags: FolderFlags

    @Option(help: "How long to wait for the answer. (default: 5s)")
    var timeout: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Exit.reporting("healthcheck", asJSON: output.wantsJSON) {
            let limit = try timeout.map { try Self.limit($0) } ?? 5
            let folder = try flags.ownSettings().data
            let health = try OperatorSocket.ask(
                OperatorCommand.health, at: DataFolder.operatorSocketPath(in: folder), within: Int(limit))
            guard let health else {
                throw CommandError(
                    .unavailable, "no libraryd runs on \(folder)", hint: "start libraryd, or use --data DIR")
            }
            Listing(one: health, [.init("status", \.status)]).show(output.format ?? .tsv)
        }
    }

    /// The seconds of a time span.
    private static func limit(_ text: String) throws -> Int64 {
        guard let time = TimeSpan(text), time.seconds > 0 else {
            throw CommandError(
                .usage, "--timeout takes a whole number and a unit: s, m, h or d", hint: "for example: --timeout 5s")
        }
        return time.seconds
    }
}
