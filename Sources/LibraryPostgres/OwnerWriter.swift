import LibraryStore
import Shared
import Synchronization

/// An author that waits to be added.
struct Creation: Sendable {
    let draft: AuthorDraft
    /// The same as ``Principal/origin``.
    let origin: Int64?
    let request: IdempotentRequest?
    let now: Timestamp
    /// Called once.
    let completion: @Sendable (Result<Author, any Error>) -> Void
}

/// Authors that wait to be added, by their owners. While those of one owner are added, the next ones gather.
final class Creations: Sendable {
    /// Of each owner whose authors are being added, those that wait.
    private let waiting = Mutex<[Int64: [Creation]]>([:])
    /// Of one owner: how many may wait, and how many are added in one transaction.
    private static let (longest, group) = (512, 64)

    enum Place {
        /// The caller has to add the authors.
        case first
        case queued
        /// Too many wait.
        case refused
    }

    func append(_ creation: Creation, owner: Int64) -> Place {
        waiting.withLock { waiting in
            guard let count = waiting[owner]?.count else {
                waiting[owner] = [creation]
                return .first
            }
            guard count < Self.longest else { return .refused }
            waiting[owner]?.append(creation)
            return .queued
        }
    }

    /// The next authors of an owner; `nil` if there are none, and nobody adds any more.
    func takeGroup(owner: Int64) -> [Creation]? {
        waiting.withLock { waiting in
            guard let all = waiting[owner], !all.isEmpty else {
                waiting[owner] = nil
                return nil
            }
            waiting[owner] = Array(all.dropFirst(Self.group))
            return Array(all.prefix(Self.group))
        }
    }
}
