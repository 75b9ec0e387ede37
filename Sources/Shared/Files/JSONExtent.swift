/// Finds the end of a JSON object or array by its brackets.
struct JSONExtent: Sendable {
    private var depth: Int
    private var (isInString, isEscaped) = (false, false)
    /// How far the input has been read; 0 at first.
    private var position = 0
    private var found: Int?
    /// Whether a line ends within a string, which no JSON may have (RFC 8259, section 7).
    private(set) var isBroken = false

    /// - Parameter depth: 0 before the opening bracket.
    init(depth: Int = 0) {
        self.depth = depth
    }

    /// The position after the closing bracket, or after the line end that breaks a string; `nil` if it has not arrived
    /// yet.
    mutating func end(in input: RecordInput) -> Int? {
        if let found { return found }
        var (depth, isInString, isEscaped, isBroken) = (depth, isInString, isEscaped, false)
        let last = input.first(from: max(position, input.position)) { byte in
            switch byte {
            case .newline where isInString:
                isBroken = true
                return true
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isInString: isEscaped = true
            case .quote: isInString.toggle()
            case _ where isInString: break
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                return depth <= 0
            default: break
            }
            return false
        }
        (self.depth, self.isInString, self.isEscaped, self.isBroken) = (depth, isInString, isEscaped, isBroken)
        position = input.end
        found = last.map { $0 + 1 }
        return found
    }
}
