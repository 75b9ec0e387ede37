/// SplitMix64 (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195), so that a seed repeats a run.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return number ^ (number >> 31)
    }
}

/// Changes HTTP requests at random.
public enum HTTPMutation {
    private static let words = [
        "\r\n", "\n", "\r", ":", " ", "\t", "\0", "%", "#", "?", "/", "//", "0", "-1", "99999999999999999999", "\u{7F}",
        "chunked", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Host: y\r\n", "Expect: 100-continue\r\n",
        "Connection: close\r\n", "Upgrade: h2c\r\n", "HTTP/1.1", "HTTP/1.0", "\r\n\r\n", "0\r\n\r\n", ";a=b", "{", "}",
        "\"",
        "[", ",", "\\u0000", "\u{FFFD}", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ].map { Array($0.utf8) }

    /// The bytes with one to four changes: a bit, a piece that is missing, doubled or moved, or a word of HTTP or JSON.
    public static func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let start = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 0...12, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where start < bytes.count: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes.removeSubrange(start..<end)
            case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
            case 3: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: start)
            default: bytes.replaceSubrange(start..<end, with: words.randomElement(using: &random) ?? [])
            }
        }
        return bytes
    }
}
