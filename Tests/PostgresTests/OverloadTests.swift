import LibraryStore
import Shared
import Synchronization
import TestSupport
import Testing

@testable import LibraryPostgres

/// More requests than connections.
struct OverloadTests {
    /// An owner whose library is locked elsewhere holds one connection, however many of its changes wait.
    @Test func oneOwnerHoldsNoOthersUp() async throws {
        let library = try await TestStore()
        let store = library.store
        for name in ["ada", "bob"] {
            try await store.createUser(
                publicID: name, name: name, passwordHash: "h", as: nil, by: .operator, at: library.now())
        }
        let lock = try library.connect()
        defer { lock.close() }
        try lock.run(.begin)
        try lock.run("SELECT last FROM event_counter WHERE owner = 1 FOR UPDATE")
        let stored = try await withThrowingTaskGroup(of: Int64.self) { group in
            for number in 0..<40 {
                group.addTask {
                    _ = try? await store.updateAuthor(
                        id: Int64(number), owner: 1, from: nil, AuthorPatch(AuthorValues()), ifVersion: { _ in true },
                        at: library.now())
                    return 0
                }
                group.addTask {
                    let draft = AuthorDraft(name: "A\(number)", book: "B", country: "C", bookerPrize: false)
                    // Those that wait for more than eight seconds are given up.
                    return (try? await store.createAuthor(draft, owner: 1, at: library.now())) == nil ? 0 : 1
                }
            }
            // These need the connections that ada's changes do not wait on.
            for number in 0..<10 {
                let draft = AuthorDraft(name: "B\(number)", book: "B", country: "C", bookerPrize: false)
                _ = try await store.createAuthor(draft, owner: 2, at: library.now())
            }
            #expect(try await store.lastEvent(owner: 1).sequence == 0)
            lock.rollback()
            return try await group.reduce(0, +)
        }
        #expect(try await store.lastEvent(owner: 1).sequence == stored)
        #expect(try await store.lastEvent(owner: 2).sequence == 10)
    }

    private final class Running: Sendable {
        let count = Atomic(0)
    }

    @Test func eachTurnComesWhenTheOneBeforeHasEnded() async throws {
        let (turns, running) = (OwnerTurns(), Running())
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try? await turns.take(7) {
                        #expect(running.count.wrappingAdd(1, ordering: .relaxed).newValue == 1)
                        await Task.yield()
                        running.count.subtract(1, ordering: .relaxed)
                        if number.isMultiple(of: 10) { throw StoreError.busy }
                    }
                }
            }
        }
        // Nobody is left behind.
        try await turns.take(7) {}
    }
}
