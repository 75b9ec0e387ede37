import LibraryStore
import NIOPosix
package import Shared
import Synchronization

/// What an operator asks of the library: with the daemon up over `operator.sock`, with it down on the folder itself.
package struct OperatorRequest: JSONReadable, JSONWritable, Equatable {
    package enum Command: String, Sendable {
        case list, promote, demote, disable, enable, delete, passwd, backup
        case rotateKey = "rotate-key"
        case importFlask = "import-flask"
    }

    package let command: String
    /// User commands: the user. `import-flask`: the owner of authors without one.
    package var name: String?
    /// A user's new one.
    package var password: String?
    /// `backup`: the file to write. `import-flask`: the database to read.
    package var path: String?
    package var keep: Int64?
    package var dryRun: Bool?

    package init(
        _ command: Command, name: String? = nil, password: String? = nil, path: String? = nil, keep: Int? = nil,
        dryRun: Bool? = nil
    ) {
        self.command = command.rawValue
        self.name = name
        self.password = password
        self.path = path
        self.keep = keep.map(Int64.init)
        self.dryRun = dryRun
    }

    package init(from object: inout ObjectReader) {
        command = object.string("command")
        name = object.optionalString("name")
        password = object.optionalString("password")
        path = object.optionalString("path")
        keep = object.optionalInteger("keep")
        dryRun = object.optionalBool("dry_run")
    }

    package func write(to json: inout JSONWriter) {
        json.object {
            $0.member("command", command)
            if let name { $0.member("name", name) }
            if let password { $0.member("password", password) }
            if let path { $0.member("path", path) }
            if let keep { $0.member("keep", keep) }
            if let dryRun { $0.member("dry_run", dryRun) }
        }
    }
}

extension App {
    /// Does what the operator asks. Answers with the users as they are now, or with the manifest of the backup.
    /// - Throws: ``CommandError`` `temporaryFailure` if the same is under way already, of what cannot be done twice at
    ///   once.
    package func perform(_ request: OperatorRequest) async throws -> any JSONWritable {
        let command = OperatorRequest.Command(rawValue: request.command)
        switch command {
        case .backup, .importFlask, .rotateKey:
            return try await turns.alone(request.command) { try await perform(command, request) }
        default: return try await perform(command, request)
        }
    }

    private func perform(
        _ command: OperatorRequest.Command?, _ request: OperatorRequest
    ) async throws -> any JSONWritable {
        switch (command, request.name, request.password, request.path) {
        case (.list, nil, nil, nil): break
        case (.promote, let name?, nil, nil): try await update(name, UserPatch(admin: true))
        case (.demote, let name?, nil, nil): try await update(name, UserPatch(admin: false))
        case (.disable, let name?, nil, nil): try await update(name, UserPatch(disabled: true))
        case (.enable, let name?, nil, nil): try await update(name, UserPatch(disabled: false))
        case (.delete, let name?, nil, nil): try await store.deleteUser(.name(name))
        case (.passwd, let name?, let password?, nil): try await setPassword(name, password)
        case (.backup, nil, nil, let path?) where path.hasPrefix("/"):
            return try await store.backUp(to: path, keep: Int(clamping: request.keep ?? 1), at: clock.now())
        case (.importFlask, let owner, nil, let path?) where path.hasPrefix("/"):
            return try await importFlask(path, owner: owner, dryRun: request.dryRun ?? false)
        case (.rotateKey, nil, nil, nil): return try await rotateKey()
        default: throw Failure(.badRequest)
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
                // Hashing takes long: not for who is there already, and not for a trial.
                let isNeeded = !dryRun && !known.contains(user.publicID)
                hash = isNeeded ? try await authenticator.passwords.wrap(inner) : ""
            }
            users.append(ImportedUser(old: user, passwordHash: hash))
        }
        return try await store.importFlask(users, old.authors, owner: owner, dryRun: dryRun, at: clock.now())
    }

    private func rotateKey() async throws -> KeyRotation {
        let now = clock.now()
        let id = try await authenticator.tokens.use(try keys.rotate(try keys.load(), at: now))
        return KeyRotation(keyID: id, retiredUntil: now.adding(seconds: authenticator.tokens.lifetime.seconds))
    }

    private func update(_ name: String, _ patch: UserPatch) async throws {
        _ = try await authenticator.update(.name(name), patch)
    }

    private func setPassword(_ name: String, _ password: String) async throws {
        let user = try await store.profile(.name(name))
        if let fault = Registration.fault(inPassword: password, name: user.name) { throw InvalidFields([fault]) }
        let hash = try await authenticator.passwords.hash(Array(password.utf8))
        try await store.setPassword(.name(name), to: hash, at: clock.now())
        authenticator.throttle.forget(user.name)
    }
}

/// What cannot be done twice at once: two backups would write the same files.
package final class OperatorTurns: Sendable {
    private let running = Mutex<Set<String>>([])

    /// - Throws: ``CommandError`` `temporaryFailure`, at once.
    package func alone<Value: Sendable>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        guard running.withLock({ $0.insert(name).inserted }) else {
            throw CommandError(.temporaryFailure, "another \(name) is under way", hint: "try again when it has ended")
        }
        defer { running.withLock { _ = $0.remove(name) } }
        return try await body()
    }
}
