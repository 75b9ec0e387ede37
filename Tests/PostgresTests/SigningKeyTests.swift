import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// Signing keys of which the database has the salts.
struct SigningKeyTests {
    @Test func eachRotationRetiresOneKey() async throws {
        let library = try await TestStore()
        let store = library.store
        let first = try #require(try await store.keySalts())
        #expect(first.version == 0 && first.current.count == 32 && first.retired == nil)
        let second = try #require(try await store.rotateKeySalts(at: library.now(5)))
        #expect(second.version == 1 && second.current != first.current)
        #expect(second.retired?.salt == first.current && second.retired?.at == library.now(5))
        let third = try #require(try await store.rotateKeySalts(at: library.now(6)))
        #expect(third.retired?.salt == second.current)
        #expect(try await store.keySalts()?.version == 2)
    }

    @Test func rotationsAtOnceGiveDifferentKeys() async throws {
        let library = try await TestStore()
        let store = library.store
        let versions = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<20 {
                group.addTask { try await store.rotateKeySalts(at: library.now())?.version ?? 0 }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
        #expect(versions == Array(1...20))
    }
}
