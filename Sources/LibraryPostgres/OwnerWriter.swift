import LibraryStore
import Shared
import Synchronization

/// Writes that wait, by the owners of the libraries that they change. While those of one owner are performed in one
/// transaction, the next ones gather: each commit waits for the disk, and for a standby.
final class OwnerWriter: Sendable {
    struct Write: Sendable {
        let pending: PendingWrite<LibraryChange>
        /// The author that it creates, if it does nothing else.
        var creation: AuthorCreation?
    }

    private typealias Waiting = (write: Write, end: ContinuousClock.Instant)

    /// The writes that wait. An owner whose writes are being performed has a queue, perhaps an empty one.
    private let waiting = Mutex<[Int64: JobQueue<Waiting>]>([:])
    /// How many writes of one owner may wait, and how many are performed in one transaction.
    private static let (longest, group) = (512, 64)

    enum Place {
        /// The caller has to perform the writes.
        case first
        case queued
        /// Too many wait.
        case refused
    }

    /// - Parameter end: until when the write is tried, if the server does not answer.
    func append(_ write: Write, owner: Int64, until end: ContinuousClock.Instant) -> Place {
        waiting.withLock { waiting in
            guard let count = waiting[owner]?.count else {
                waiting[owner] = JobQueue()
                waiting[owner]?.append((write, end))
                return .first
            }
            guard count < Self.longest else { return .refused }
            waiting[owner]?.append((write, end))
            return .queued
        }
    }

    /// The next writes of an owner, and the first of their ends; `nil` if there are none, and nobody performs any more.
    func takeGroup(owner: Int64) -> (writes: [Write], end: ContinuousClock.Instant)? {
        waiting.withLock { waiting in
            var group: [Write] = []
            var end: ContinuousClock.Instant?
            while group.count < Self.group, let next = waiting[owner]?.popFirst() {
                group.append(next.write)
                end = min(end ?? next.end, next.end)
            }
            if let end { return (group, end) }
            waiting[owner] = nil
            return nil
        }
    }

    /// How many wait.
    var count: Int { waiting.withLock { $0.values.reduce(0) { $0 + $1.count } } }
}
