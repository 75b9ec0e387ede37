extension [UInt8] {
    /// Bytes that nobody can predict, from the random number generator of the operating system.
    public static func random(count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
