/// A point in the history of a library: just after a change, or a time.
public enum HistoryPoint: Sendable, Equatable, CustomStringConvertible {
    /// The id of an ``AuthorEvent``, in the form of ``TextShape/eventID``.
    case event(String)
    case time(Timestamp)

    /// Reads the id of an event, or a time as ``Timestamp/init(shortened:)`` does.
    public init?(_ text: String) {
        if let time = Timestamp(shortened: text) {
            self = .time(time)
        } else if Self.isEventID(text) {
            self = .event(text)
        } else {
            return nil
        }
    }

    public static func isEventID(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].count == 16 && Int64(decimal: Substring(parts[1])) != nil
            && parts[0].allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// What a text must be.
    static let rule = "must be the event_id of a change, or a time in UTC such as 2026-11-23T18:04:02Z"

    /// A regular expression of ECMA 262 that every such text matches, but for the 29th of February.
    static let pattern: String = {
        let day = "(0[1-9]|[12][0-9]|3[01])"
        let date = "((0[13578]|1[02])-\(day)|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
        let time = #"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{3})?)?"#
        return "^([0-9a-f]{16}-(0|[1-9][0-9]{0,17})|[0-9]{4}-\(date)(T\(time))?Z?)$"
    }()

    public var description: String {
        switch self {
        case .event(let id): id
        case .time(let time): time.description
        }
    }
}
