import LibraryStore
import NIOCore
import NIOPosix
package import Shared
import Synchronization

extension App {
    /// Performs an operator's request and returns the reply: a `UserList`, an `APIKeyList`, a `CreatedAPIKey`, an
    /// `AuditPage`, a `BackupManifest`, a `FlaskImportReport`, a ``KeyRotation`` or a `Health`.
    /// - Throws: ``CommandError`` `temporaryFailure` if the request must run alone and another of its kind is
    ///   running.
    package func perform(_ request: OperatorRequest) async throws -> any JSONWritable {
        guard request.runsAlone else { return try await answer(request) }
        return try await turns.alone(request.command) { try await answer(request) }
    }

    private func answer(_ request: OperatorRequest) async throws -> any JSONWritable {
        switch request {
        case .list: break
        case .add(let name, let password):
            _ = try await authenticator.register(Registration(name: name, password: password), from: .operator)
        case .promote(let name): try await update(name, UserPatch(admin: true))
        case .demote(let name): try await update(name, UserPatch(admin: false))
        case .disable(let name): try await update(name, UserPatch(disabled: true))
        case .enable(let name): try await update(name, UserPatch(disabled: false))
        case .delete(let name):
            try await store.deleteUser(.name(name), passwordHash: nil, by: .operator, at: clock.now())
        case .passwd(let name, let password): try await setPassword(name, password)
        case .keys(let user): return APIKeyList(try await store.keys(.name(user)))
        case .addKey(let key, let user): return try await addKey(key, of: user)
        case .revokeKey(let name, let user):
            try await store.deleteKey(.name(name), of: .name(user), by: .operator, at: clock.now())
            return APIKeyList(try await store.keys(.name(user)))
        case .audit(let last, let since, let user):
            return AuditPage(try await store.audit(after: last, since: since, user: user))
        case .backup(let path, let keep):
            // A relative path would be resolved in the daemon's working directory, which is not the operator's.
            guard path.hasPrefix("/") else { throw Failure(.badRequest) }
            guard let store = store as? SQLiteStore else {
                throw CommandError(
                    .usage, "\(store.place) is no file", hint: "back it up as its server does, with pg_dump -Fc")
            }
            return try await store.backUp(to: path, keep: Int(clamping: keep), at: clock.now())
        case .importFlask(let path, let owner, let dryRun):
            guard path.hasPrefix("/") else { throw Failure(.badRequest) }
            return try await importFlask(path, owner: owner, dryRun: dryRun)
        case .rotateKey: return try await rotateKey()
        case .health: return try await checkHealth()
        case .unknown: throw Failure(.badRequest)
        }
        return UserList(try await store.users())
    }

    private func importFlask(_ path: String, owner: String?, dryRun: Bool) async throws -> FlaskImportReport {
        let old = try await Cancellation.following { cancellation in
            try await NIOThreadPool.singleton.runIfActive { try FlaskLibrary(path: path, until: cancellation) }
        }
        guard old.hasOwners || owner != nil || old.authors.isEmpty || old.users.count == 1 else {
            throw CommandError(
                .usage, "\(path) has authors without an owner", hint: "name their owner: --owner NAME")
        }
        let known = try await store.publicIDs()
        var users: [ImportedUser] = []
        for user in old.users {
            try Task.checkCancellation()
            var hash: String?
            if let inner = user.password.flatMap({ WerkzeugHash($0) }) {
                // Hashing is slow, so it is skipped for users who exist already and in a dry run.
                let isNeeded = !dryRun && !known.contains(user.publicID)
                hash = isNeeded ? try await authenticator.passwords.wrap(inner) : ""
            }
            users.append(ImportedUser(old: user, passwordHash: hash))
        }
        return try await store.importFlask(users, old.authors, owner: owner, dryRun: dryRun, at: clock.now())
    }

    private func rotateKey() async throws -> KeyRotation {
        let now = clock.now()
        let id = try await authenticator.use(try await rotateKeys(at: now))
        // The key is in use, whether its change can be noted or not.
        try? await store.note(.signingKeyRotated, user: nil, by: .operator, id, at: now)
        return KeyRotation(keyID: id, retiredUntil: now.adding(seconds: authenticator.tokens.lifetime.seconds))
    }

    private func addKey(_ key: APIKeyRequest, of user: String) async throws -> CreatedAPIKey {
        let profile = try await store.profile(.name(user))
        guard !profile.disabled else {
            throw CommandError(.conflict, "\(profile.name) is disabled", hint: "libraryd user enable \(profile.name)")
        }
        return try await authenticator.createKey(of: .name(user), key, by: .operator)
    }

    /// - Throws: ``StoreError`` `notReady`. Does not return while an event loop does not respond.
    private func checkHealth() async throws -> Health {
        try store.checkReadiness()
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
        return Health()
    }

    private func update(_ name: String, _ patch: UserPatch) async throws {
        _ = try await authenticator.update(.name(name), patch, by: .operator)
    }

    private func setPassword(_ name: String, _ password: String) async throws {
        let user = try await store.profile(.name(name))
        if let fault = Registration.fault(inPassword: password, name: user.name) { throw InvalidFields([fault]) }
        let hash = try await authenticator.passwords.hash(Array(password.utf8))
        try await store.setPassword(
            .name(name), from: nil, to: hash, keeping: nil, by: .operator, at: clock.now())
        try await authenticator.throttle.forget(user.name)
    }
}

/// Refuses an operation while another of the same kind is running: two backups would write the same files.
package final class OperatorTurns: Sendable {
    private let running = Mutex<Set<String>>([])

    /// - Throws: ``CommandError`` `temporaryFailure`, without waiting, and the errors of `body`.
    package func alone<Value: Sendable>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        guard running.withLock({ $0.insert(name).inserted }) else {
            throw CommandError(.temporaryFailure, "another \(name) is under way", hint: "try again when it has ended")
        }
        defer { running.withLock { _ = $0.remove(name) } }
        return try await body()
    }
}
