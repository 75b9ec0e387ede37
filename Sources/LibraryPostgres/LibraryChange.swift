import LibraryStore
import Shared

/// A transaction that changes an owner's library, whose lock it has: the owner's row of `event_counter`, with the
/// number of the last event.
final class LibraryChange {
    let connection: Connection
    let owner: Int64
    /// The number of the owner's last event, those of this transaction included.
    private(set) var lastEvent: Int64
    /// Marks the events of this transaction. Random.
    let write = Int64.random(in: .min ... .max)
    /// How many requests the transaction performs, for the metrics.
    var requests = 1
    private var isChanged = false
    /// The number of the owner's last event before the transaction.
    private let eventBefore: Int64

    /// An event by which a transaction is known.
    struct Mark: Sendable {
        let owner: Int64
        let event: Int64
        /// The same as ``LibraryChange/write``.
        let write: Int64
    }

    /// Begins the transaction and takes the lock.
    /// - Throws: ``StoreError`` `ownerDeleted`, ``PostgresError``.
    init(_ connection: Connection, owner: Int64) throws {
        self.connection = connection
        self.owner = owner
        var last: Int64?
        try connection.pipeline([Request(.begin), Request(Self.lock, [.integer(owner)])]) { last = try $1.integer(0) }
        guard let last else { throw StoreError.ownerDeleted }
        try Self.require(last)
        (lastEvent, eventBefore) = (last, last)
    }

    /// A change in a transaction that has begun already, and has the lock.
    /// - Parameter last: read behind the lock.
    /// - Throws: ``StoreError`` `damaged`.
    init(_ connection: Connection, owner: Int64, lastEvent last: Int64) throws {
        try Self.require(last)
        self.connection = connection
        self.owner = owner
        (lastEvent, eventBefore) = (last, last)
    }

    /// The last event of the transaction, which is kept the longest; `nil` if it has added none.
    var mark: Mark? { lastEvent > eventBefore ? Mark(owner: owner, event: lastEvent, write: write) : nil }

    /// Refuses a number of a last event that is damaged: numbers are added to it.
    static func require(_ lastEvent: Int64) throws {
        guard (0...Int64.max / 2).contains(lastEvent) else {
            throw StoreError.damaged("a count of changes is \(lastEvent)")
        }
    }

    static let lock: Statement = "SELECT last FROM event_counter WHERE owner = $1 FOR UPDATE"
    private static let count: Statement = "UPDATE event_counter SET last = $2 WHERE owner = $1"

    /// The number of the next event, which the transaction then has to insert.
    func nextEvent() -> Int64 { nextEvents(1) }

    /// The number of the first of several events.
    func nextEvents(_ count: Int) -> Int64 {
        isChanged = isChanged || count > 0
        lastEvent += Int64(count)
        return lastEvent - Int64(count) + 1
    }

    /// Takes back numbers that ``nextEvents(_:)`` gave, of which no event was inserted.
    func returnEvents(_ count: Int) { lastEvent -= Int64(count) }

    func commit() throws {
        try connection.pipeline(counting + [Request(.commit)])
    }

    /// Lets the commit wait for the standby also if the transaction changes nothing. What the caller is told was
    /// perhaps committed by another transaction, which was not answered, and is not on the standby yet.
    func confirm() { isChanged = true }

    /// What stores the number of the last event, at the end of the transaction.
    var counting: [Request] {
        isChanged ? [Request(Self.count, [.integer(owner), .integer(lastEvent)])] : []
    }
}
