import ArgumentParser
import CommandHelp
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

    @Option(help: "How long to wait for the answer.")
    var timeout = TimeSpan(seconds: 5)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Exit.reporting("healthcheck", asJSON: output.wantsJSON) {
            guard timeout.seconds > 0 else {
                throw CommandError(.usage, "--timeout must be at least 1s", hint: "for example: --timeout 5s")
            }
            let folder = try flags.ownSettings().data
            let health = try OperatorSocket.ask(
                OperatorCommand.health, at: DataFolder.operatorSocketPath(in: folder), within: Int(timeout.seconds))
            guard let health else {
                throw CommandError(
                    .unavailable, "no libraryd runs on \(folder)", hint: "start libraryd, or use --data DIR")
            }
            Listing(one: health, [.init("status", \.status)]).show(output.format ?? .tsv)
        }
    }
}
