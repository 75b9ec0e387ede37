import Synchronization

/// A state of one owner's library. Every list of the owner stays the same as long as it does.
package struct Revision: Sendable, Hashable {
    /// Random at each start of the daemon, so that counts need not be stored; of an engine that stores them, the epoch
    /// of the library.
    package let run: String
    package let owner: Int64
    package let changes: UInt64

    package init(run: String, owner: Int64, changes: UInt64) {
        self.run = run
        self.owner = owner
        self.changes = changes
    }
}

/// Counts each owner's changes, in memory, and wakes subscriptions.
///
/// A write counts after its commit and before it is answered, whether it succeeded or not; a reader takes the count
/// before it reads. So a reader may see a new list under an old count, and read it again, but never an old list under a
/// new count.
package final class ChangeCounter: Sendable {
    private struct State {
        var changes: [Int64: UInt64] = [:]
        /// The owners of the changes since ``takeChanged()``.
        var changed: Set<Int64> = []
        var subscriptions: [Int64: [ObjectIdentifier: AsyncStream<Void>.Continuation]] = [:]
    }

    /// Each has a connection to itself, and there are 512 for all.
    private static let mostSubscriptions = (ofOneOwner: 16, inAll: 128)

    private let run = String(UInt64.random(in: .min ... .max), radix: 36)
    private let state = Mutex(State())

    package init() {}

    package func current(of owner: Int64) -> Revision {
        Revision(run: run, owner: owner, changes: state.withLock { $0.changes[owner, default: 0] })
    }

    package func advance(_ owner: Int64) {
        state.withLock {
            $0.changes[owner, default: 0] &+= 1
            $0.changed.insert(owner)
        }
        wake(owner)
    }

    /// The owners whose libraries may have changed since the last call.
    package func takeChanged() -> Set<Int64> {
        state.withLock { state in
            defer { state.changed = [] }
            return state.changed
        }
    }

    /// Calls `body` with the owners of ``takeChanged()``. If it throws, the next call gets them again.
    package func withChanged(_ body: (Set<Int64>) async throws -> Void) async throws {
        let changed = takeChanged()
        do {
            try await body(changed)
        } catch {
            state.withLock { $0.changed.formUnion(changed) }
            throw error
        }
    }

    /// Wakes all subscriptions of the owner, though there may be nothing new.
    package func wake(_ owner: Int64) {
        let subscriptions = state.withLock { $0.subscriptions[owner] }
        subscriptions?.values.forEach { $0.yield() }
    }

    /// Subscribes to the owner's changes from now on.
    /// - Throws: ``StoreError`` `busy` if there are too many.
    package func watch(_ owner: Int64) throws(StoreError) -> ChangeSubscription {
        let subscription = ChangeSubscription(self, owner: owner)
        let isAdmitted = state.withLock { state in
            guard state.subscriptions[owner, default: [:]].count < Self.mostSubscriptions.ofOneOwner,
                state.subscriptions.values.reduce(0, { $0 + $1.count }) < Self.mostSubscriptions.inAll
            else { return false }
            state.subscriptions[owner, default: [:]][ObjectIdentifier(subscription)] = subscription.continuation
            return true
        }
        guard isAdmitted else { throw StoreError.busy }
        return subscription
    }

    /// The owners who are watched.
    package var watchedOwners: [Int64] { state.withLock { Array($0.subscriptions.keys) } }

    package var subscriptionCount: Int { state.withLock { $0.subscriptions.values.reduce(0) { $0 + $1.count } } }

    /// Ends all subscriptions.
    package func endSubscriptions() {
        let subscriptions = state.withLock { $0.subscriptions.values.flatMap(\.values) }
        subscriptions.forEach { $0.finish() }
    }

    fileprivate func remove(_ id: ObjectIdentifier, owner: Int64) {
        state.withLock { state in
            state.subscriptions[owner]?[id] = nil
            if state.subscriptions[owner]?.isEmpty == true { state.subscriptions[owner] = nil }
        }
    }
}

/// Wakes at each change of one owner's library, until it is cancelled.
///
/// A wake says only that something may have changed; the changes are read from the database. So several wakes may be
/// delivered as one.
package final class ChangeSubscription: Sendable {
    package let wakes: AsyncStream<Void>
    fileprivate let continuation: AsyncStream<Void>.Continuation
    private let changes: ChangeCounter
    private let owner: Int64
    private let unacknowledgedTicks = Atomic(0)

    fileprivate init(_ changes: ChangeCounter, owner: Int64) {
        self.changes = changes
        self.owner = owner
        (wakes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Frees its place, whatever becomes of the reply.
    deinit { leave() }

    package func wake() { continuation.yield() }

    /// Wakes when time has passed.
    /// - Returns: how many times that nobody has acknowledged.
    package func tick() -> Int {
        // Who is woken sees it.
        defer { wake() }
        return unacknowledgedTicks.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    }

    /// How many times time has passed that nobody has acknowledged.
    package var ticks: Int { unacknowledgedTicks.load(ordering: .acquiring) }

    /// - Parameter ticks: those that were seen. One that came after them stays.
    package func acknowledge(_ ticks: Int) { unacknowledgedTicks.wrappingSubtract(ticks, ordering: .relaxed) }

    /// Ends the sequence of wakes, once those that are pending have been delivered.
    package func end() { continuation.finish() }

    package func leave() {
        end()
        changes.remove(ObjectIdentifier(self), owner: owner)
    }
}
