import Synchronization

/// A state of one owner's library: as long as it is the same, every list of that owner is.
package struct Revision: Sendable, Hashable {
    /// Different each time the daemon starts, so that what is told apart here need not be stored.
    package let run: UInt64
    package let owner: Int64
    package let changes: UInt64
}

/// Counts each owner's changes, in memory, and wakes those who watch them.
///
/// A writer counts after its commit and before it is answered, whether it succeeded or not; a reader asks before it reads. So a
/// reader may take a new list for an old one, and ask again, but never an old one for a new.
package final class Revisions: Sendable {
    private struct State {
        var changes: [Int64: UInt64] = [:]
        var watchers: [Int64: [ObjectIdentifier: AsyncStream<Void>.Continuation]] = [:]
    }

    /// Each has a connection to itself, and there are 512 for all.
    private static let mostWatchers = (ofOneOwner: 16, inAll: 128)

    private let run = UInt64.random(in: .min ... .max)
    private let state = Mutex(State())

    package func current(of owner: Int64) -> Revision {
        Revision(run: run, owner: owner, changes: state.withLock { $0.changes[owner, default: 0] })
    }

    package func advance(_ owner: Int64) {
        state.withLock { $0.changes[owner, default: 0] &+= 1 }
        wake(owner)
    }

    /// Makes the owner's watchers look, though there may be nothing new.
    package func wake(_ owner: Int64) {
        let watchers = state.withLock { $0.watchers[owner] }
        watchers?.values.forEach { $0.yield() }
    }

    /// Makes a watcher of the owner's changes from now on.
    /// - Throws: ``StoreError`` `busy` if there are too many.
    package func watch(_ owner: Int64) throws(StoreError) -> Watcher {
        let watcher = Watcher(self, owner: owner)
        let isAdmitted = state.withLock { state in
            guard state.watchers[owner, default: [:]].count < Self.mostWatchers.ofOneOwner,
                state.watchers.values.reduce(0, { $0 + $1.count }) < Self.mostWatchers.inAll
            else { return false }
            state.watchers[owner, default: [:]][ObjectIdentifier(watcher)] = watcher.continuation
            return true
        }
        guard isAdmitted else { throw StoreError.busy }
        return watcher
    }

    fileprivate func remove(_ id: ObjectIdentifier, owner: Int64) {
        state.withLock { state in
            state.watchers[owner]?[id] = nil
            if state.watchers[owner]?.isEmpty == true { state.watchers[owner] = nil }
        }
    }
}

/// Hears of each change of one owner's library, until it leaves.
///
/// A wake says only that something may have happened; what has happened is read from the database. So wakes may melt into one.
package final class Watcher: Sendable {
    package let wakes: AsyncStream<Void>
    fileprivate let continuation: AsyncStream<Void>.Continuation
    private let revisions: Revisions
    private let owner: Int64
    private let unansweredTicks = Atomic(0)

    fileprivate init(_ revisions: Revisions, owner: Int64) {
        self.revisions = revisions
        self.owner = owner
        (wakes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whatever becomes of the reply, its place is free again.
    deinit { leave() }

    package func wake() { continuation.yield() }

    /// Wakes when time has passed.
    /// - Returns: how many times in a row nobody has ``told()`` since.
    package func tick() -> Int {
        wake()
        return unansweredTicks.wrappingAdd(1, ordering: .relaxed).newValue
    }

    package func told() { unansweredTicks.store(0, ordering: .relaxed) }

    /// There are no wakes any more, once the last has been heard.
    package func end() { continuation.finish() }

    package func leave() {
        end()
        revisions.remove(ObjectIdentifier(self), owner: owner)
    }
}
