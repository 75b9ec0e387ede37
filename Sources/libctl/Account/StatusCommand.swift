import ArgumentParser
import Glibc
import Shared

struct StatusCommand: ParsableCommand, ContextCommand {
    static let title = "status"
    static let configuration = CommandConfiguration(
        "status", "Show whether the daemon is ready.", showsRecords: false, examples: "status",
        "status --wait 10s && libctl authors list")

    @Option(help: "How long to wait for it to become ready, such as 10s.")
    var wait: TimeSpan?

    @OptionGroup var options: GlobalOptions

    func run(_ context: CommandContext) throws {
        let deadline = ContinuousClock.now + .seconds(wait?.seconds ?? 0)
        let (output, io) = (context.output, context.io)
        var context = context
        while true {
            do {
                let health = try context.client.send(
                    Endpoints.ready.call(), timeoutMilliseconds: 2000, isPatient: false)
                if options.wantsJSON {
                    try output.json(health)
                } else {
                    try output.line("\(context.server.origin) is ready")
                }
                return
            } catch {
                let failure = CommandError(error)
                let mayPass: [ExitStatus] = [.unavailable, .temporaryFailure]
                guard mayPass.contains(failure.exit), ContinuousClock.now < deadline else { throw failure }
                usleep(50_000)
                // The socket of a daemon that starts meanwhile is the server then.
                context = try CommandContext(options, io: io)
            }
        }
    }
}
