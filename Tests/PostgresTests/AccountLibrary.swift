import Foundation
import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

enum Engine: CaseIterable {
    case sqlite, postgres
}

/// A library of either engine, and what tests do with its accounts.
final class AccountLibrary: Sendable {
    let store: any Store
    /// `nil` for SQLite.
    let postgres: TestStore?
    private let sqlite: SQLiteStore?
    private let folder: String

    static let start = Timestamp(milliseconds: 1_700_000_000_000)
    static let day: Int64 = 86400

    init(_ engine: Engine) async throws {
        var template = Array("/tmp/libraryd-accounts-XXXXXX".utf8CString)
        folder = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
        switch engine {
        case .sqlite:
            let store = try SQLiteStore(path: folder + "/library.db")
            (sqlite, postgres) = (store, nil)
            self.store = store
        case .postgres:
            let library = try await TestStore()
            (sqlite, postgres) = (nil, library)
            store = library.store
        }
    }

    deinit {
        sqlite?.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func publicID(_ name: String) -> String { "id of \(name)" }

    /// Creates a user whose password hash is `NAME's hash`.
    @discardableResult
    func add(_ name: String, admin: Bool = false) async throws -> StoredUser {
        try await store.add(name, admin: admin)
    }

    /// `EVENT USER ACTOR DETAIL`, with `-` for nothing.
    func noted(after last: Int = 0) async throws -> [String] {
        try await store.audit(after: 0, since: nil, user: nil).dropFirst(last).map {
            "\($0.event) \($0.user ?? "-") \($0.actor ?? "-") \($0.detail)"
        }
    }
}

extension Store {
    @discardableResult
    func add(_ name: String, admin: Bool = false) async throws -> StoredUser {
        try await createUser(
            publicID: AccountLibrary.publicID(name), name: name, passwordHash: "\(name)'s hash", as: nil,
            by: Initiator(name, from: nil), at: AccountLibrary.start)
        if admin {
            _ = try await updateUser(
                .name(name), UserPatch(admin: true), by: .operator, at: AccountLibrary.start)
        }
        return try #require(try await user(.name(name)))
    }

    /// Logs in: the SHA-256 of the refresh token has the bytes of the text.
    @discardableResult
    func login(
        _ user: StoredUser, id: String, token: String? = nil, client: String = "curl/8", after seconds: Int64 = 0,
        lifetime: Int64 = 30 * AccountLibrary.day, address: String? = nil, key: String? = nil
    ) async throws -> StoredSession {
        let now = AccountLibrary.start.adding(seconds: seconds)
        return try await createSession(
            id: id, user: user, refreshHash: Array((token ?? "token of \(id)").utf8), client: client, at: now,
            expiresAt: now.adding(seconds: lifetime), idle: 7 * AccountLibrary.day, address: address,
            key: key.map { Array($0.utf8) }, by: Initiator(user.name, from: address))
    }

    func principal(_ id: String, after seconds: Int64 = 0) async throws -> Principal? {
        try await caller(session: id, at: AccountLibrary.start.adding(seconds: seconds))?.principal
    }

    /// `rotated`, `replayed ID` or `unknown`.
    @discardableResult
    func refresh(_ token: String, to next: String, after seconds: Int64, isLate: Bool = false) async throws -> String {
        let rotation = try await rotateRefreshToken(
            from: Array(token.utf8), to: Array(next.utf8), at: AccountLibrary.start.adding(seconds: seconds), grace: 10,
            idle: 7 * AccountLibrary.day, isLate: { isLate }, by: Initiator(nil, from: "192.0.2.1"))
        return switch rotation {
        case .rotated(let session): "rotated \(session.id)"
        case .replayed(let id): "replayed \(id)"
        case .unknown: "unknown"
        }
    }

    /// The key's name is its id, and its secret's digest has the bytes of the name.
    @discardableResult
    func addKey(
        _ user: UserKey, _ name: String, _ scope: KeyScope = .write, expiresAfter seconds: Int64? = nil,
        after start: Int64 = 0
    ) async throws -> APIKey {
        let now = AccountLibrary.start.adding(seconds: start)
        return try await createKey(
            user, id: "id of \(name)", name: name, scope: scope, hash: Array(name.utf8),
            expiresAt: seconds.map { now.adding(seconds: $0) }, by: .operator, at: now)
    }

    /// `caller ID`, `expired` or `unknown`.
    func holder(_ name: String, after seconds: Int64 = 0) async throws -> String {
        switch try await holder(ofKey: Array(name.utf8), at: AccountLibrary.start.adding(seconds: seconds)) {
        case .caller(let caller): "caller \(caller.principal.sessionID)"
        case .expired: "expired"
        case .unknown: "unknown"
        }
    }
}

/// The error that `body` throws; `nil` if it throws none.
func failure(_ body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
        return nil
    } catch {
        #expect(error is StoreError, "\(error)")
        return error as? StoreError
    }
}
