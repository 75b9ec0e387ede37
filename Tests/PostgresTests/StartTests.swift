import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// What a daemon does with a database when it starts.
struct StartTests {
    @Test func anEmptyDatabaseBecomesALibrary() async throws {
        let library = try await TestStore()
        #expect(try await library.store.daemonID().count == 36)
        let again = try await PostgresStore(
            try DatabaseURL(library.url), folder: "/tmp", secret: TestStore.secret)
        defer { again.close() }
        #expect(try await again.daemonID() == library.store.daemonID())
    }

    @Test func anotherSecretIsRefused() async throws {
        let library = try await TestStore()
        await #expect(throws: CommandError.self) {
            try await PostgresStore(try DatabaseURL(library.url), folder: "/tmp", secret: [UInt8](1..<33))
        }
    }
}
