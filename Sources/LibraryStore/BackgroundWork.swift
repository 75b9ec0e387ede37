import Synchronization

/// Work that the store does without a request.
package struct BackgroundWork: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case takingBack = "take back a change that was not finished"
        case deletion = "delete what is left of an account"
    }

    package let kind: Kind
    /// The row id of the user.
    package let user: Int64

    /// Why it has failed. It is tried again each second.
    package struct Failure: Sendable, Equatable {
        /// The name of the user, or `deleted ID` of one whose account is closed; `nil` if it cannot be read.
        package let account: String?
        /// For the log.
        package let reason: String
    }
}

/// The work of a store that fails at present.
final class FailingWork: Sendable {
    private let failures = Mutex<[BackgroundWork: BackgroundWork.Failure]>([:])

    var all: [BackgroundWork: BackgroundWork.Failure] { failures.withLock { $0 } }

    subscript(work: BackgroundWork) -> BackgroundWork.Failure? {
        get { failures.withLock { $0[work] } }
        set { failures.withLock { $0[work] = newValue } }
    }
}
