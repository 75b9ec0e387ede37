/// A value of a column, or of a statement's parameter.
package enum ColumnValue: Sendable, Equatable {
    case integer(Int64)
    case text(String)
    case null

    package init(_ integer: Int64?) { self = integer.map { .integer($0) } ?? .null }
}
