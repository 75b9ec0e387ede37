import ArgumentParser
import CommandHelp
import Glibc
import LibraryServer
import LibraryStore
import Shared

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who logged in or failed to, and who changed an account, oldest first.",
        discussion: """
            Logins, wrong passwords, ended logins, API keys, new, changed and deleted accounts, imports and restores, \
            with the account, who did it, and from where. The library keeps the last 50,000 wrong passwords, imports, \
            and other entries each; a backup has them too. Works whether the daemon is up or down.
            """)

    @OptionGroup var flags: FolderFlags
    @Option(
        help: ArgumentHelp("Leave out what is older: 24h, 7d, 2026-11-26 or 2026-11-26T18:04Z.", valueName: "time"))
    var since: Since?
    @Option(
        help: ArgumentHelp("Only what this account did, or what happened to it.", valueName: "name"),
        completion: .custom(CompletionAnswer.users))
    var user: String?
    @Flag(name: .shortAndLong, help: "Go on, and show entries as they come.")
    var follow = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Exit.reporting("audit", asJSON: output.wantsJSON) {
            let format = output.format ?? .automatic
            guard !follow || format != .json else {
                throw CommandError(.usage, "a JSON array has an end, and --follow has none", hint: "use -o ndjson")
            }
            var reader = Reader(since: since?.time(now: Clock.system.now()), user: user)
            var entries: [AuditEntry] = []
            while case let page = try await flags.perform(reader.command).entries, !page.isEmpty {
                entries += page
                reader.last = page.last?.id ?? reader.last
            }
            Listing(entries, Self.columns).show(format, hasHeader: true)
            if follow { try await follow(&reader, format) }
        }
    }

    /// Asks a running daemon once a second. It does not take the lock of the folder while no daemon runs: the next
    /// daemon could not start. A PostgreSQL database is asked itself.
    private func follow(_ reader: inout Reader, _ format: ListFormat) async throws {
        let settings = try flags.settings(warns: false)
        if let database = settings.database {
            return try await settings.withLibrary(in: database) { app in
                try await follow(&reader, format) { command in
                    do {
                        return try await FolderFlags.perform(command, app)
                    } catch let error as CommandError where error.exit == .unavailable {
                        return nil
                    }
                }
            }
        }
        let socket = DataFolder.operatorSocketPath(in: settings.data)
        try await follow(&reader, format) { try OperatorSocket.ask($0, at: socket) }
    }

    private func follow(
        _ reader: inout Reader, _ format: ListFormat,
        _ ask: (OperatorCommand<AuditPage>) async throws -> AuditPage?
    ) async throws {
        var isUp = true
        while true {
            guard fflush(nil) == 0, Self.isRead else { return }
            let page = try await ask(reader.command)
            if page == nil, isUp { StandardError.write("libraryd: no daemon runs; waiting for one\n") }
            isUp = page != nil
            if let page, !page.entries.isEmpty {
                Listing(page.entries, Self.columns).show(format, hasHeader: false)
                reader.last = page.entries.last?.id ?? reader.last
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Whether somebody may read what is printed: not behind a closed pipe, which a poll without events tells
    /// (poll(2)).
    private static var isRead: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&output, 1, 0) == 0 || Int32(output.revents) & POLLERR == 0
    }

    private struct Reader {
        let since: Timestamp?
        let user: String?
        /// The id of the last entry that was read.
        var last: Int64 = 0

        var command: OperatorCommand<AuditPage> { .audit(after: last, since: since, user: user) }
    }

    /// Widths for those tables that are shown bit by bit.
    private static let columns: [Listing<AuditEntry>.Column] = [
        .init("time", \.at.description), .init("event", width: 18, \.event),
        .init("user", width: 12) { $0.user ?? "" }, .init("actor", width: 12) { $0.actor ?? "" },
        .init("address", width: 15) { $0.address ?? "" }, .init("detail", \.detail),
    ]
}

/// The time from which on something is shown: a time span before now, or a time in UTC.
enum Since: ExpressibleByArgument {
    case span(TimeSpan)
    case time(Timestamp)

    init?(argument: String) {
        if let span = TimeSpan(argument) {
            self = .span(span)
            return
        }
        guard let time = Timestamp(shortened: argument) else { return nil }
        self = .time(time)
    }

    func time(now: Timestamp) -> Timestamp {
        switch self {
        case .span(let span): now.adding(seconds: -span.seconds)
        case .time(let time): time
        }
    }
}
