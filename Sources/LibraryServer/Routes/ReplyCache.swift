import LibraryStore
import NIOCore
import Synchronization

/// Caches replies with lists and authors that were asked for more than once. A reply is valid until its owner's library
/// changes.
final class ReplyCache: Sendable {
    fileprivate struct Key: Equatable {
        let owner: Int64
        /// Path and query as in the request.
        let target: String
        /// Hash of owner and target, made once.
        let digest: Int

        init(_ owner: Int64, _ target: String) {
            self.owner = owner
            self.target = target
            var hasher = Hasher()
            hasher.combine(owner)
            hasher.combine(target)
            digest = hasher.finalize()
        }
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
        Place(revision: revision, key: Key(revision.owner, target), cache: self)
    }

    private struct Entry {
        let key: Key
        let revision: Revision
        let reply: Reply

        /// Estimated, in bytes.
        var size: Int { reply.body.readableBytes + key.target.utf8.count + ReplyCache.overhead }
    }

    private struct State {
        /// By the digest of the key. Of two keys with one digest, one is cached.
        var replies: [Int: Entry] = [:]
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
        let entry = state.withLock { $0.replies[key.digest] }
        return entry?.revision == revision && entry?.key == key ? entry?.reply : nil
    }

    private func keep(_ reply: Reply, for key: Key, at revision: Revision) {
        let entry = Entry(key: key, revision: revision, reply: reply)
        guard entry.size <= Self.largest else { return }
        // A page that is asked for once would only push others out.
        let digest = key.digest ^ Int(truncatingIfNeeded: revision.changes)
        state.withLock { state in
            let place = digest & (state.asked.count - 1)
            guard state.asked[place] == digest else {
                state.asked[place] = digest
                return
            }
            if let old = state.replies.removeValue(forKey: key.digest) { state.bytes -= old.size }
            if state.bytes + entry.size > Self.capacity { (state.replies, state.bytes) = ([:], 0) }
            state.replies[key.digest] = entry
            state.bytes += entry.size
        }
    }
}
