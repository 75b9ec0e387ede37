import LibraryStore
import NIOCore
import Synchronization

/// Caches replies with lists and authors that were asked for more than once. A reply is valid until its owner's library
/// changes.
final class ReplyCache: Sendable {
    fileprivate struct Key: Hashable {
        let owner: Int64
        /// Path and query as in the request.
        let target: String
    }

    /// Where the reply to a request is cached, for the library as it is now.
    struct Place {
        /// Taken before anything is read: if the library changes meanwhile, the reply is outdated at once.
        let revision: Revision
        fileprivate let key: Key
        fileprivate let cache: ReplyCache

        var reply: Reply? { cache.reply(key, at: revision) }

        func keep(_ reply: Reply) -> Reply {
            cache.keep(reply, for: key, at: revision)
            return reply
        }
    }

    func place(_ target: String, at revision: Revision) -> Place {
        Place(revision: revision, key: Key(owner: revision.owner, target: target), cache: self)
    }

    private struct State {
        var replies: [Key: (revision: Revision, reply: Reply)] = [:]
        var bytes = 0
        /// Digests of requests that were made once, each in the place that its last bits say.
        var asked = [Int](repeating: 0, count: 4096)
    }

    /// Limit of the size of all replies together, in bytes.
    private static let capacity = 4 << 20
    /// Estimated size of a reply's headers, buffer and table entry, in bytes.
    private static let overhead = 1024
    /// Limit of the size of one reply, in bytes.
    private static let largest = 256 << 10

    private let state = Mutex(State())

    private func reply(_ key: Key, at revision: Revision) -> Reply? {
        state.withLock { $0.replies[key] }.flatMap { $0.revision == revision ? $0.reply : nil }
    }

    private func keep(_ reply: Reply, for key: Key, at revision: Revision) {
        func size(_ reply: Reply) -> Int { reply.body.readableBytes + key.target.utf8.count + Self.overhead }
        let added = size(reply)
        guard added <= Self.largest else { return }
        // A page that is asked for once would only push others out.
        var hasher = Hasher()
        hasher.combine(key)
        hasher.combine(revision)
        let digest = hasher.finalize()
        state.withLock { state in
            let place = digest & (state.asked.count - 1)
            guard state.asked[place] == digest else {
                state.asked[place] = digest
                return
            }
            if let old = state.replies.removeValue(forKey: key) { state.bytes -= size(old.reply) }
            if state.bytes + added > Self.capacity { (state.replies, state.bytes) = ([:], 0) }
            state.replies[key] = (revision, reply)
            state.bytes += added
        }
    }
}
