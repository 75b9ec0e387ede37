/// A moment in UTC in whole milliseconds since 1970-01-01T00:00:00Z; in requests and replies
/// `2026-11-23T18:04:02.123Z` (RFC 3339).
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Whole seconds since 1970, rounded down: the `NumericDate` of a JSON Web Token (RFC 7519, section 2).
    public var seconds: Int64 {
        Self.floor(milliseconds, 1000).quotient
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The moment that is `seconds` later, or earlier if negative. On overflow, the last or first representable
    /// moment.
    public func adding(seconds: Int64) -> Timestamp {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, overflow2) = milliseconds.addingReportingOverflow(scaled)
        return Timestamp(milliseconds: overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum)
    }

    /// Whether the distance to another moment is at most `seconds`.
    public func isWithin(seconds: Int64, of other: Timestamp) -> Bool {
        (other.adding(seconds: -seconds)...other.adding(seconds: seconds)).contains(self)
    }

    public var description: String {
        String(decoding: utf8, as: UTF8.self)
    }

    /// The moment in the RFC 3339 form, 24 bytes of ASCII. Years outside 0–9999 are clamped.
    ///
    /// The date is computed with Howard Hinnant's `civil_from_days`
    /// (https://howardhinnant.github.io/date_algorithms.html).
    public var utf8: [UInt8] {
        Array(unsafeUninitializedCapacity: Self.length) { text, count in
            write(to: text)
            count = Self.length
        }
    }

    /// In bytes.
    static let length = 24

    /// Writes the same bytes as ``utf8``.
    /// - Parameter text: has room for ``length`` bytes.
    func write(to text: UnsafeMutableBufferPointer<UInt8>) {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let (days, inDay) = Self.floor(clamped, 86_400_000)
        let shifted = days + 719_468
        let (era, dayOfEra) = Self.floor(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

        func put(_ value: Int64, at place: Int, then punctuation: UInt8) {
            let value = UInt32(truncatingIfNeeded: value)
            text[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10)
            text[place + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
            text[place + 2] = punctuation
        }
        let second = UInt32(truncatingIfNeeded: inDay / 1000)
        let fraction = inDay % 1000
        put(year / 100, at: 0, then: 0)
        put(year % 100, at: 2, then: UInt8(ascii: "-"))
        put(month, at: 5, then: UInt8(ascii: "-"))
        put(day, at: 8, then: UInt8(ascii: "T"))
        put(Int64(second / 3600), at: 11, then: UInt8(ascii: ":"))
        put(Int64(second / 60 % 60), at: 14, then: UInt8(ascii: ":"))
        put(Int64(second % 60), at: 17, then: UInt8(ascii: "."))
        put(fraction / 10, at: 20, then: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction % 10))
        text[23] = UInt8(ascii: "Z")
    }

    /// Reads exactly the form that ``utf8`` writes.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 24 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let fraction = number(20..<23), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = Self.floor(shiftedYear, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        self.init(
            milliseconds: days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction)
        // An invalid day of the month, an hour 24 or other punctuation does not come out the same.
        guard utf8 == bytes else { return nil }
    }

    /// Reads a time in UTC whose end may be left out, which is then zero: `2026-11-23`, `2026-11-23T18:04`,
    /// `2026-11-23T18:04:02` or `2026-11-23T18:04:02.123`, each also with `Z`.
    public init?(shortened text: String) {
        let text = Array(text.utf8)
        let given = text.last == UInt8(ascii: "Z") ? text.dropLast() : text[...]
        guard [10, 16, 19, 23].contains(given.count) else { return nil }
        self.init(String(decoding: given + "0000-00-00T00:00:00.000Z".utf8.dropFirst(given.count), as: UTF8.self))
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
