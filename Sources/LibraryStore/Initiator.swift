package import Shared

/// The author of a change: an account, and the place of its client.
package struct Initiator: Sendable, Equatable {
    /// The name of an account; `nil` for an operator, and if nobody was recognized.
    package let name: String?
    /// The network address of a client, `unix` or `operator`; `nil` if it is not known.
    package let address: String?

    package init(_ name: String?, from address: String?) {
        self.name = name
        self.address = address
    }

    /// The person or program that runs a command of `libraryd` on the machine of the library.
    package static let `operator` = Initiator(nil, from: "operator")
}

extension AuditEvent {
    /// Entries of each part that are kept.
    package static let entriesOfPart: Int64 = 50_000

    /// The group of entries with a bound of its own.
    package var part: Int64 {
        switch self {
        case .loginFailed: 1
        case .authorsImported: 2
        default: 0
        }
    }
}
