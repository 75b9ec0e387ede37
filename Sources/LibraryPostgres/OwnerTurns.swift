import LibraryStore
import Synchronization

/// Lets the changes of one owner's library begin one after the other in this daemon: a change that waits for the
/// owner's lock holds a connection, and one user must not hold all of them.
final class OwnerTurns: Sendable {
    /// Of each owner whose turn is taken, those who wait for it.
    private let waiting = Mutex<[Int64: JobQueue<CheckedContinuation<Void, Never>>]>([:])
    /// Of one owner.
    private static let longest = 512

    /// Runs `body` when it is its turn.
    /// - Throws: ``StoreError`` `busy` if too many wait, and what `body` throws.
    func take<Value>(_ owner: Int64, _ body: () async throws -> Value) async throws -> Value {
        try await begin(owner)
        defer { end(owner) }
        return try await body()
    }

    private func begin(_ owner: Int64) async throws {
        enum Turn { case now, later, never }
        let turn: Turn = waiting.withLock { waiting in
            guard let queue = waiting[owner] else {
                waiting[owner] = JobQueue()
                return .now
            }
            return queue.count < Self.longest ? .later : .never
        }
        switch turn {
        case .now: return
        case .never: throw StoreError.busy
        case .later:
            await withCheckedContinuation { continuation in
                let isNow = waiting.withLock { waiting in
                    if waiting[owner] == nil {
                        waiting[owner] = JobQueue()
                        return true
                    }
                    waiting[owner]?.append(continuation)
                    return false
                }
                if isNow { continuation.resume() }
            }
        }
    }

    private func end(_ owner: Int64) {
        let next = waiting.withLock { waiting in
            let next = waiting[owner]?.popFirst()
            if next == nil { waiting[owner] = nil }
            return next
        }
        next?.resume()
    }
}
