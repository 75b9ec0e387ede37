import Foundation
package import LibraryPostgres
import LibraryStore
import Synchronization
package import Testing

/// Databases of tests on PostgreSQL, on the server that all tests share.
package enum TestDatabase {
    /// Whether the libraries of tests are in PostgreSQL: if `LIBRARYD_TEST_DATABASE` is set.
    package static let isUsed = ProcessInfo.processInfo.environment["LIBRARYD_TEST_DATABASE"] != nil

    private static let known = Mutex<Set<String>>([])

    /// The database that belongs to the folder of a library, which is created if it is missing.
    package static func url(of folder: String) async throws -> DatabaseURL {
        let server = try await PostgresServer.shared.value
        let name = name(of: folder)
        if known.withLock({ $0.insert(name).inserted }) { try create(name, on: server) }
        return try DatabaseURL(server.url("dbname=\(name)"))
    }

    /// Deletes the database that belongs to a folder.
    static func drop(_ folder: String) {
        let name = name(of: folder)
        guard known.withLock({ $0.remove(name) != nil }) else { return }
        Task.detached {
            guard let connection = try? await PostgresServer.shared.value.connect() else { return }
            defer { connection.close() }
            _ = try? connection.run(Statement("DROP DATABASE \(name) WITH (FORCE)"))
        }
    }

    private static func create(_ name: String, on server: PostgresServer) throws {
        let connection = try server.connect()
        defer { connection.close() }
        // Copying a template takes longer while other tests do the same.
        try connection.run(Statement("CREATE DATABASE \(name) TEMPLATE template0"), within: .seconds(60))
    }

    private static func name(of folder: String) -> String {
        "library_" + Digest.hexadecimal(Digest.sha256(Array(folder.utf8)).prefix(16))
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test on PostgreSQL.
    /// - Parameter reason: what is so on SQLite only.
    package static func onSQLite(_ reason: Comment) -> Self { .disabled(if: TestDatabase.isUsed, reason) }
}
