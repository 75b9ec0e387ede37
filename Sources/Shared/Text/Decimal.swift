extension Int64 {
    /// Reads a decimal number from a path, a header or a command line: `0|[1-9][0-9]{0,18}` within 64 bits.
    ///
    /// Only digits are read, because `Int64("+5")` is 5.
    @inlinable
    public init?(decimal text: some StringProtocol) {
        var number: Int64 = 0
        var count = 0
        for byte in text.utf8 {
            let digit = byte &- 0x30
            guard digit < 10, count == 0 || number > 0 else { return nil }
            let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge2) = tens.addingReportingOverflow(Int64(digit))
            guard !isTooLarge, !isTooLarge2 else { return nil }
            number = sum
            count += 1
        }
        guard count > 0 else { return nil }
        self = number
    }
}
