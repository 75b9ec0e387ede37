import HTTPTypes
import NIOCore
import Synchronization

/// The lists that were answered last, each good until its owner changes something.
final class ReplyCache: Sendable {
    struct Key: Hashable {
        let owner: Int64
        /// Path and query as they came.
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

    /// Of all bodies together.
    private static let capacity = 4 << 20
    private static let largestBody = 256 << 10

    private let state = Mutex(State())

    func reply(_ key: Key, at revision: Revision) -> Reply? {
        state.withLock { $0.replies[key] }.flatMap { $0.revision == revision ? $0 : nil }
    }

    func keep(_ reply: Reply, for key: Key) {
        let size = reply.body.readableBytes + key.target.utf8.count
        guard size <= Self.largestBody else { return }
        state.withLock { state in
            if let old = state.replies.removeValue(forKey: key) {
                state.bytes -= old.body.readableBytes + key.target.utf8.count
            }
            if state.bytes + size > Self.capacity { state = State() }
            state.replies[key] = reply
            state.bytes += size
        }
    }
}
