import Synchronization

/// Work that the store does without a request, and that has failed. It is tried again each second.
package struct FailingWork: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case takingBack = "take back a change that was not finished"
        case deletion = "delete what is left of an account"
    }

    package let kind: Kind
    /// The name of the account; `nil` if it cannot be read.
    package let account: String?
    /// What it failed with, for the log.
    package let reason: String
}

/// The work of a store that fails at present, by the row ids of the users.
final class FailingWorks: Sendable {
    private let works = Mutex<[Int64: FailingWork]>([:])

    /// That of the user with the lowest row id.
    var first: FailingWork? { works.withLock { works in works.keys.min().flatMap { works[$0] } } }

    subscript(user: Int64) -> FailingWork? {
        get { works.withLock { $0[user] } }
        set { works.withLock { $0[user] = newValue } }
    }
}
