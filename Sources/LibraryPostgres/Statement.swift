/// A statement of SQL. A connection prepares it at its first use and finds it again by its text.
///
/// The text is the program's own: what a user sends is always a ``Value``. Where the server cannot find out the type of
/// a parameter, the text says it, as in `$1::bigint`.
package struct Statement: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static let begin = Statement("BEGIN")
    /// Begins a transaction that reads one state and ends with the use of the connection.
    package static let beginSnapshot = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    package static let commit = Statement("COMMIT")
    package static let rollback = Statement("ROLLBACK")

    /// Whether it is sent without being prepared: the server has nothing to plan.
    var isControl: Bool { self == .begin || self == .commit || self == .rollback }
}

extension Statement: ExpressibleByStringLiteral {
    package init(stringLiteral text: StaticString) { self.init(text.description) }
}

/// A statement with its values, of which several go to the server in one round trip.
package struct Request: Sendable {
    package let statement: Statement
    package let values: [Value]

    package init(_ statement: Statement, _ values: [Value] = []) {
        self.statement = statement
        self.values = values
    }
}
