import Synchronization

/// A state of one owner's library: as long as it is the same, every list of that owner is.
struct Revision: Sendable, Hashable {
    /// Different each time the daemon starts, so that what is told apart here need not be stored.
    fileprivate let run: UInt64
    fileprivate let owner: Int64
    fileprivate let changes: UInt64

    /// A strong validator (RFC 9110, section 8.8.3) for any list of the owner. It has the owner in it, because one client may have
    /// several accounts and sees them all under the same address.
    var entityTag: String {
        "\"\(String(run, radix: 36))-\(owner)-\(changes)\""
    }
}

/// Counts each owner's changes, in memory.
///
/// A writer counts after its commit and before it is answered, whether it succeeded or not; a reader asks before it reads. So a
/// reader may take a new list for an old one, and ask again, but never an old one for a new.
final class Revisions: Sendable {
    private let run = UInt64.random(in: .min ... .max)
    private let changes = Mutex<[Int64: UInt64]>([:])

    func current(of owner: Int64) -> Revision {
        Revision(run: run, owner: owner, changes: changes.withLock { $0[owner, default: 0] })
    }

    func advance(_ owner: Int64) {
        changes.withLock { $0[owner, default: 0] &+= 1 }
    }
}
