import Shared

extension Row {
    /// `nil` for NULL, as from the others.
    func textIfAny(_ column: Int) throws -> String? { try isNull(column) ? nil : text(column) }

    func integerIfAny(_ column: Int) throws -> Int64? { try isNull(column) ? nil : integer(column) }

    func timeIfAny(_ column: Int) throws -> Timestamp? { try isNull(column) ? nil : time(column) }

    func time(_ column: Int) throws -> Timestamp { Timestamp(milliseconds: try integer(column)) }
}

extension Value {
    init(_ bytes: [UInt8]?) { self = bytes.map { .bytes($0) } ?? .null }

    /// A text to find. One with a NUL is none that PostgreSQL can have: it becomes NULL, which nothing is equal to.
    init(sought text: String) { self = text.utf8.contains(0) ? .null : .text(text) }
}
