import Foundation
import LibraryStore
import Shared
import Synchronization
import TestSupport

@testable import LibraryPostgres

/// A library in a database of its own, on the server that all tests share.
final class TestStore: Sendable {
    let url: String
    private let prepared: PostgresStore?
    private let folder: String
    private static let count = Atomic(0)

    static let secret = [UInt8](0..<32)

    /// - Parameters:
    ///   - options: of `CREATE DATABASE`.
    ///   - isPrepared: whether the database is a library already.
    init(
        history: HistoryLimit = HistoryLimit(), options: String = "", isPrepared: Bool = true
    ) async throws {
        let server = try await PostgresServer.shared.value
        let name = "library\(Self.count.wrappingAdd(1, ordering: .relaxed).newValue)"
        let connection = try server.connect()
        defer { connection.close() }
        try connection.run(Statement("CREATE DATABASE \(name) TEMPLATE template0 \(options)"), within: .seconds(60))
        url = "host=\(server.folder) dbname=\(name) user=libraryd"
        var template = Array("/tmp/libraryd-pg-XXXXXX".utf8CString)
        folder = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
        guard isPrepared else {
            prepared = nil
            return
        }
        prepared = try await PostgresStore(
            try DatabaseURL(url), folder: folder, secret: Self.secret, history: history)
    }

    var store: PostgresStore {
        guard let prepared else { fatalError("the database is no library yet") }
        return prepared
    }

    deinit {
        prepared?.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Another daemon on the same database, which has to be closed.
    func another() async throws -> PostgresStore {
        try await PostgresStore(try DatabaseURL(url), folder: folder, secret: Self.secret)
    }

    /// A connection past the store, which may hold a transaction for as long as a slow test takes.
    func connect(_ settings: [(String, String)] = []) throws -> Connection {
        guard let host = try DatabaseURL(url).hosts.first else { throw Missing(what: "a host") }
        let connection = try Connection(host, settings: settings)
        try connection.run("SET idle_in_transaction_session_timeout = 0")
        return connection
    }

    func now(_ milliseconds: Int64 = 1) -> Timestamp { Timestamp(milliseconds: milliseconds) }
}
