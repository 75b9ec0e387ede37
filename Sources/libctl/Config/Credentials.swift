import Glibc
import Shared

/// One login at one server.
struct Credential: Equatable, JSONReadable, JSONWritable {
    /// The origin of the server, the only one to which the token is sent.
    let server: String
    let user: String
    let token: String
    /// When `token` expires, by the clock of this machine.
    let expiresAt: Timestamp
    let refreshToken: String
    let refreshExpiresAt: Timestamp
    /// Whether commands use this login of the server if no user is named.
    var current: Bool
    /// By which the daemon is recognized at its other addresses; `nil` for a login from a daemon or by a `libctl` that
    /// had none.
    let daemon: DaemonKey?

    init(server: String, user: String, login: Login, at now: Timestamp) {
        self.server = server
        self.user = user
        token = login.token
        expiresAt = now.adding(seconds: login.expiresIn)
        refreshToken = login.refreshToken
        refreshExpiresAt = login.refreshExpiresAt
        current = true
        daemon = login.daemon
    }

    init(from object: inout ObjectReader) {
        server = object.string("server")
        user = object.string("user")
        token = object.string("token")
        expiresAt = object.timestamp("expires_at")
        refreshToken = object.string("refresh_token")
        refreshExpiresAt = object.timestamp("refresh_expires_at")
        current = object.bool("current")
        daemon = DaemonKey(from: &object)
    }

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("server", server)
            $0.member("user", user)
            $0.member("token", token)
            $0.member("expires_at", expiresAt.description)
            $0.member("refresh_token", refreshToken)
            $0.member("refresh_expires_at", refreshExpiresAt.description)
            $0.member("current", current)
            daemon?.write(into: &$0)
        }
    }
}

/// All logins of this user on this machine.
struct Credentials: Equatable, JSONReadable, JSONWritable {
    private(set) var logins: [Credential] = []

    init() {}

    init(from object: inout ObjectReader) {
        logins = object.array("logins")
    }

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("logins", logins)
        }
    }

    /// The login at a server: the named user's, else the current one.
    func find(server: String, user: String?) -> Credential? {
        logins.first { $0.server == server && (user.map($0.isUser) ?? $0.current) }
    }

    /// Adds a login in place of an older login of the same user, and makes it the current login of the daemon.
    /// - Parameter origins: the other addresses at which the same daemon has proven itself.
    mutating func put(_ credential: Credential, at origins: Set<String> = []) {
        let origins = origins.union([credential.server])
        logins.removeAll { origins.contains($0.server) && $0.isUser(credential.user) }
        for index in logins.indices where origins.contains(logins[index].server) { logins[index].current = false }
        logins.append(credential)
    }

    /// Replaces the tokens of a login, if the file has it; `current` is preserved.
    mutating func renew(_ credential: Credential) {
        guard let index = logins.firstIndex(where: { $0.server == credential.server && $0.isUser(credential.user) })
        else { return }
        let current = logins[index].current
        logins[index] = credential
        logins[index].current = current
    }

    mutating func remove(_ credential: Credential) {
        logins.removeAll { $0.server == credential.server && $0.isUser(credential.user) }
    }

    /// Removes a login, and the other logins that the same daemon has issued for its account.
    mutating func removeAccount(of credential: Credential) {
        remove(credential)
        guard let key = credential.daemon else { return }
        logins.removeAll { $0.daemon?.daemon == key.daemon && $0.daemon?.user == key.user }
    }
}

extension Credential {
    /// Whether this is the login of that user. The names of users are unique, ignoring case.
    func isUser(_ name: String) -> Bool { user.lowercased() == name.lowercased() }
}

/// `credentials.json`, which holds all logins.
struct CredentialsFile {
    let folder: String
    /// Timeout for the lock, which another process may hold.
    var patience: Duration = .seconds(30)
    private var path: String { folder + "/credentials.json" }

    /// - Throws: ``CommandError`` `noPermission` if other users could have read the file, `configuration` if it is
    ///   damaged.
    func read() throws -> Credentials {
        guard let bytes = try PrivateFile.secret(path) else { return Credentials() }
        do {
            return try Credentials(json: bytes, unknownMembers: .ignored)
        } catch {
            throw CommandError(.configuration, "\(path) is damaged: \(error)", hint: "rm \(path), then libctl login")
        }
    }

    /// Upper bound in bytes of the size of one login in the file.
    private static let largestLogin = 16 << 10

    /// Reserves disk space for the file with one more login. Called before a token is requested, because a token that
    /// could not be saved would be lost, and the session with it.
    func room() throws -> Replacement {
        try PrivateFile.makeFolder(folder)
        var (place, parent) = (stat(), stat())
        let isThere = stat(SystemText.path(path), &place) == 0 && stat(SystemText.path(folder), &parent) == 0
        let size = (isThere ? Int(place.st_size) : 0) + Self.largestLogin
        if isThere {
            // A mount point cannot be replaced by a rename, so the space is needed on the file's own file system.
            let isElsewhere = place.st_dev != parent.st_dev
            let isReadOnly = access(SystemText.path(path), W_OK) != 0 && errno == EROFS
            guard !isReadOnly else { throw CommandError(.ioError, "\(path): \(String(cString: strerror(EROFS)))") }
            if isElsewhere { close(try PrivateFile.widen(path, to: size).descriptor) }
        }
        let room = try Replacement(of: path, isSecret: true, leftovers: LeftoverGuard())
        do {
            try room.reserve(size)
            return room
        } catch {
            room.cancel()
            throw error
        }
    }

    /// Reads, changes and replaces the file under a lock. Nothing is written if `change` changes nothing.
    /// - Parameters:
    ///   - room: reserved space for the new version, if there is some.
    ///   - change: may call `makeRoom` to reserve the space, before it requests a token.
    func update<Value>(
        in room: Replacement? = nil,
        _ change: (_ all: inout Credentials, _ makeRoom: () throws -> Void) throws -> Value
    ) throws -> Value {
        try PrivateFile.makeFolder(folder)
        var room = room
        defer { room?.cancel() }
        return try PrivateFile.locked(folder + "/credentials.lock", patience: patience) {
            let before = try read()
            var credentials = before
            let value = try change(&credentials) { if room == nil { room = try self.room() } }
            if credentials != before { try write(credentials.json + [UInt8(ascii: "\n")], in: room) }
            return value
        }
    }

    /// Replaces the file, or overwrites its contents if it cannot be replaced, such as a mount point.
    private func write(_ bytes: [UInt8], in room: Replacement?) throws {
        do {
            let replacement = try room ?? Replacement(of: path, isSecret: true, leftovers: LeftoverGuard())
            defer { replacement.cancel() }
            try replacement.write(bytes)
            try replacement.finish()
        } catch {
            do { try PrivateFile.overwrite(path, with: bytes) } catch _ { throw error }
        }
    }
}
