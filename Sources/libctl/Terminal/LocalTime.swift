import Glibc
import Shared

/// Times as people read them. Tables and records show the local time to the minute and not "3 h ago": it stays true as
/// long as it is on the screen, it can be compared with a log or a calendar, and it does not depend on whether the
/// clocks of client and daemon agree.
enum LocalTime {
    /// localtime_r(3) need not look at `TZ` itself.
    private static let zone: Void = tzset()

    /// `2026-11-25 19:39` in the time zone of `TZ`, else of the system (tzset(3)).
    static func text(_ moment: Timestamp) -> String {
        _ = zone
        var seconds = time_t(moment.seconds)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return moment.description }
        let year = Int64(parts.tm_year) + 1900
        guard (0...9999).contains(year) else { return moment.description }
        func digits(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let zeros = String(repeating: "0", count: 4 - String(year).utf8.count)
        return "\(zeros)\(year)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))"
            + " \(digits(parts.tm_hour)):\(digits(parts.tm_min))"
    }

    /// Reads `2026-11-25`, `2026-11-25 19:39` or `2026-11-25 19:39:07`, also with `T`, in that time zone; with `Z`, and
    /// what ``Timestamp/init(shortened:)`` reads, in UTC.
    static func moment(_ text: String) -> Timestamp? {
        let text = text.replacing(" ", with: "T", maxReplacements: 1)
        guard let time = Timestamp(shortened: text) else { return nil }
        guard !text.hasSuffix("Z") else { return time }
        _ = zone
        // The parts of the time, as if they were in UTC.
        var seconds = time_t(time.seconds)
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil else { return nil }
        // Whether summer time applies is for mktime(3) to find out.
        parts.tm_isdst = -1
        let fraction = time.milliseconds - time.seconds * 1000
        return Timestamp(milliseconds: Int64(mktime(&parts)) * 1000 + fraction)
    }
}
