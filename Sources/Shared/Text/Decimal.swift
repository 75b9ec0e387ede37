extension Int64 {
    /// Reads a decimal number from a path, a header or a command line: `0|[1-9][0-9]{0,18}` within 64 bits.
    ///
    /// The digits are checked first, because `Int64("+5")` is 5.
    public init?(decimal text: some StringProtocol) {
        let digits = text.utf8
        guard (1...19).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30, let number = Int64(text)
        else { return nil }
        self = number
    }
}
