import HTTPTypes
import LibraryStore
import NIOCore
import Synchronization

/// Caches the latest replies with lists and authors. A reply is valid until its owner's library changes.
final class ReplyCache: Sendable {
    struct Key: Hashable {
        let owner: Int64
        /// Path and query as in the request.
        let target: String
    }

    struct Reply {
        let revision: Revision
        let headers: HTTPFields
        let body: ByteBuffer
    }

    private struct State {
        var replies: [Key: Reply] = [:]
        var bytes = 0
    }

    /// Limit of the size of all replies together, in bytes.
    private static let capacity = 4 << 20
    /// Estimated size of a reply's headers, buffer and table entry, in bytes.
    private static let overhead = 1024
    /// Limit of the size of one reply, in bytes.
    private static let largest = 256 << 10

    private let state = Mutex(State())

    func reply(_ key: Key, at revision: Revision) -> Reply? {
        state.withLock { $0.replies[key] }.flatMap { $0.revision == revision ? $0 : nil }
    }

    func keep(_ reply: Reply, for key: Key) {
        func size(_ reply: Reply) -> Int { reply.body.readableBytes + key.target.utf8.count + Self.overhead }
        let added = size(reply)
        guard added <= Self.largest else { return }
        state.withLock { state in
            if let old = state.replies.removeValue(forKey: key) { state.bytes -= size(old) }
            if state.bytes + added > Self.capacity { state = State() }
            state.replies[key] = reply
            state.bytes += added
        }
    }
}
