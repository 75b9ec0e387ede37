import LibraryStore
import Shared
import Synchronization

/// Writes that wait, by the owners of the libraries that they change. While those of one owner are performed in one
/// transaction, the next ones gather: each commit waits for the disk, and for a standby.
final class OwnerWriter: Sendable {
    typealias Write = PendingWrite<LibraryChange>

    /// Of each owner whose writes are being performed, those that wait.
    private let waiting = Mutex<[Int64: JobQueue<Write>]>([:])
    /// Of one owner: how many may wait, and how many are performed in one transaction.
    private static let (longest, group) = (512, 64)

    enum Place {
        /// The caller has to perform the writes.
        case first
        case queued
        /// Too many wait.
        case refused
    }

    func append(_ write: Write, owner: Int64) -> Place {
        waiting.withLock { waiting in
            guard let count = waiting[owner]?.count else {
                waiting[owner] = JobQueue()
                waiting[owner]?.append(write)
                return .first
            }
            guard count < Self.longest else { return .refused }
            waiting[owner]?.append(write)
            return .queued
        }
    }

    /// The next writes of an owner; `nil` if there are none, and nobody performs any more.
    func takeGroup(owner: Int64) -> [Write]? {
        waiting.withLock { waiting in
            var group: [Write] = []
            while group.count < Self.group, let write = waiting[owner]?.popFirst() { group.append(write) }
            if group.isEmpty { waiting[owner] = nil }
            return group.isEmpty ? nil : group
        }
    }
}
