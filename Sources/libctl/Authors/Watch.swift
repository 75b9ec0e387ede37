import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Watch: ParsableCommand, ContextCommand {
        static let title = "authors watch"
        static let configuration = CommandConfiguration(
            "watch", "Show changes as they happen: lines on a terminal, NDJSON in a pipe.",
            discussion: """
                Runs until it is interrupted, and goes on after a restart of the daemon: no change is lost and none is \
                shown twice. Each change has an event_id; --since begins after it in a later run.
                """,
            examples: "authors watch", "authors watch --count 1",
            "authors watch | jq --unbuffered -r 'select(.event == \"created\").book'",
            "authors watch --since 5f1d0c3a9b7e2468-17", "authors watch --since 2h")

        @Option(
            help: "Begin after the change with this event_id, or after a time: 2h, 2026-11-26. (default: now)",
            completion: .custom(Candidates.changes))
        var since: PastPoint?

        @Option(help: "End after this many changes.")
        var count: Int?

        @OptionGroup var options: GlobalOptions

        private static let longestPause: Int64 = 10

        func validate() throws {
            try CommandError.requireFromOne(count, "--count")
            guard options.timeout == nil else {
                throw CommandError(
                    .usage, "--timeout does not apply to a watch, which goes on until it is ended",
                    hint: "use --count, or: timeout 10s libctl authors watch")
            }
        }

        func run(_ context: CommandContext) throws {
            let isForPeople = context.output.format == .table
            let asLines = isForPeople && options.fields == nil
            // The stream has no end, so a JSON array could not be closed, nor the columns of a table measured.
            let format: OutputFormat = isForPeople ? .tsv : options.format.map { $0 == .json ? .ndjson : $0 } ?? .ndjson
            let output = try context.output(as: format)
            let list = try output.list(of: AuthorEvent.self)
            let since = try since?.point(now: context.io.now())
            // Only the first connection begins at a time; later ones go on after the last event.
            var position = if case .event(let id)? = since { id } else { "" }
            let time = if case .time? = since { since } else { HistoryPoint?.none }
            var left = count ?? .max
            var pause: Int64 = 1
            var wasConnected = false
            var isLost = false
            while true {
                do {
                    try context.followChanges(after: &position, since: time) {
                        if !wasConnected { context.diagnostics.say("watching \(context.server.origin)") }
                        if isLost { context.diagnostics.say("connected again") }
                        (pause, wasConnected, isLost) = (1, true, false)
                    } each: { change in
                        if asLines { try output.write(change.lines(color: output.color)) } else { try list.add(change) }
                        try output.flush()
                        left -= 1
                        if left == 0 { throw Enough() }
                    }
                    // The daemon ended the stream: the token has expired, or the daemon is stopping. Connects again.
                } catch is Enough {
                    return try list.end()
                } catch {
                    let failure = CommandError(error)
                    // Fails at once if the daemon was never reached; waits only for a daemon that was there.
                    guard wasConnected, [.unavailable, .temporaryFailure, .protocolError].contains(failure.exit) else {
                        throw failure
                    }
                    if !isLost {
                        context.diagnostics.say("the connection to \(context.server.origin) is lost; waiting for it")
                    }
                    isLost = true
                }
                context.io.sleep(pause)
                if isLost { pause = min(pause * 2, Self.longestPause) }
            }
        }

        private struct Enough: Error {}
    }
}

extension CommandContext {
    /// Timeout in seconds for the next piece of the stream. The daemon sends a keep-alive every 15 seconds.
    private static let patience = 45

    /// Calls `each` with each change of the library, until the stream ends.
    /// - Parameters:
    ///   - position: the id of the event after which to begin, or empty; then the id of the last event.
    ///   - time: when to begin if `position` is empty; `nil` for now.
    ///   - connected: called when the first bytes arrive.
    func followChanges(
        after position: inout String, since time: HistoryPoint?, connected: () throws -> Void,
        each: (AuthorEvent) throws -> Void
    ) throws {
        var stream = EventReader(lastID: position)
        defer { position = stream.lastID }
        let headers = position.isEmpty ? [] : [("Last-Event-ID", position)]
        let call = Endpoints.authorEvents.call(EventQuery(since: position.isEmpty ? time : nil))
        var isFirst = true
        try authorized { authorization in
            try client.stream(
                call.path, as: "text/event-stream", headers: headers, authorization: authorization,
                patience: Self.patience
            ) { bytes in
                if isFirst { try connected() }
                isFirst = false
                try stream.append(bytes) { event in
                    guard event.type != "reset" else {
                        return diagnostics.warn("changes have been missed; what follows is complete again from here on")
                    }
                    guard let change = try? AuthorEvent(json: event.data, unknownMembers: .ignored) else {
                        return diagnostics.warn("a change that this version cannot read was left out")
                    }
                    try each(change)
                }
            }
        }
    }

    /// An output with the options of the context, but another format, no pager and, if given, another descriptor.
    func output(as format: OutputFormat?, to descriptor: Int32? = nil, header: Bool? = nil) throws -> Output {
        var (options, io) = (options, io)
        (options.json, options.format, options.pager) = (false, format, false)
        options.headers = header ?? options.headers
        if let descriptor { io.output = descriptor }
        return try Output(options: options, io: io, config: config, warn: diagnostics.warn)
    }
}
