public import ArgumentParser
import Shared

/// A point in the history of a library, as a user names it.
public struct PastPoint: ExpressibleByArgument, Sendable {
    private let text: String

    public init(argument: String) {
        text = argument
    }

    /// - Throws: ``CommandError`` `usage` for a text that is none, and for a time to come.
    func point(now: Timestamp) throws -> HistoryPoint {
        if let span = TimeSpan(text) { return .time(now.adding(seconds: -span.seconds)) }
        if HistoryPoint.isEventID(text) { return .event(text) }
        guard let time = LocalTime.moment(text) else {
            throw CommandError(
                .usage, "\(Secrets.quoted(text)) is neither an event_id nor a time", hint: "use \(Self.forms)")
        }
        guard time <= now else {
            throw CommandError(.usage, "\(LocalTime.text(time)) is still to come", hint: "use \(Self.forms)")
        }
        return .time(time)
    }

    private static let forms =
        "an event_id, a time before now such as 2h, or one such as 2026-11-26 or '2026-11-26 18:04'"
}

/// The option that shows the library as it was.
struct PastOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Show the library as it was then: an event_id, 2h (ago), 2026-11-26 or '2026-11-26 18:04'.",
            valueName: "time"), completion: .custom(Candidates.changes))
    var at: PastPoint?
}
