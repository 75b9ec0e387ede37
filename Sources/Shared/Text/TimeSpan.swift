/// A time span in whole seconds, written as `90s`, `30m`, `12h` or `30d`.
public struct TimeSpan: Sendable, Hashable, CustomStringConvertible {
    public let seconds: Int64

    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Reads a whole number of at most nine digits with a unit `s`, `m`, `h` or `d`; `nil` for more than ten years.
    public init?(_ text: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }) else { return nil }
        let digits = text.dropLast()
        guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int64(digits), count * unit <= 10 * 366 * 86400
        else { return nil }
        self.init(seconds: count * unit)
    }

    /// The time span in the largest unit that gives a whole number.
    public var description: String {
        for (unit, length) in [("d", Int64(86400)), ("h", 3600), ("m", 60)] where seconds >= length {
            if seconds % length == 0 { return "\(seconds / length)\(unit)" }
        }
        return "\(seconds)s"
    }
}
