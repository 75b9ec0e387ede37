import Glibc

/// The value of `Server-Timing` (https://www.w3.org/TR/server-timing/).
enum ServerTiming {
    private static let prefix: StaticString = "total;dur="

    /// Milliseconds with three decimals: `total;dur=1.234`.
    static func total(microseconds: UInt64) -> String {
        // Up to 10 ms the text has 15 bytes, which Swift keeps without allocating memory. An interpolation would cost
        // ten times as much, which a reply of the hot lane would feel.
        String(unsafeUninitializedCapacity: microseconds < 10_000 ? 15 : 40) { bytes in
            let length = prefix.utf8CodeUnitCount
            var (digits, limit): (Int, UInt64) = (4, 10_000)
            while digits < 20, microseconds >= limit {
                digits += 1
                limit &*= 10
            }
            for index in 0..<length { bytes[index] = prefix.utf8Start[index] }
            var rest = microseconds
            for place in (0...digits).reversed() {
                // The point is before the last three digits.
                guard place != digits - 3 else {
                    bytes[length + place] = UInt8(ascii: ".")
                    continue
                }
                bytes[length + place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            return length + digits + 1
        }
    }
}
