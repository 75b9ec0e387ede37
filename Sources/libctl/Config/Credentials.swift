import Glibc
import Shared

/// One login at one server.
struct Credential: Equatable, JSONReadable, JSONWritable {
    /// The server's origin: the token goes nowhere else.
    let server: String
    let user: String
    let token: String
    /// By this machine's clock.
    let expiresAt: Timestamp
    let refreshToken: String
    let refreshExpiresAt: Timestamp
    /// Whether this is the user that commands act as if none is named.
    var current: Bool

    init(server: String, user: String, login: Login, at now: Timestamp) {
        self.server = server
        self.user = user
        token = login.token
        expiresAt = now.adding(seconds: login.expiresIn)
        refreshToken = login.refreshToken
        refreshExpiresAt = login.refreshExpiresAt
        current = true
    }

    init(from object: inout ObjectReader) {
        server = object.string("server")
        user = object.string("user")
        token = object.string("token")
        expiresAt = object.timestamp("expires_at")
        refreshToken = object.string("refresh_token")
        refreshExpiresAt = object.timestamp("refresh_expires_at")
        current = object.bool("current")
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
            $0.member("logins") { $0.array { for login in logins { login.write(to: &$0) } } }
        }
    }

    /// The login at a server: the named user's, else the current one.
    func find(server: String, user: String?) -> Credential? {
        logins.first { $0.server == server && (user.map($0.isUser) ?? $0.current) }
    }

    /// Puts a login in the place of the same user's old one and makes it the current one.
    mutating func put(_ credential: Credential) {
        remove(credential)
        for index in logins.indices where logins[index].server == credential.server { logins[index].current = false }
        logins.append(credential)
    }

    /// Puts new tokens in the place of the old ones; who is current stays.
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
}

extension Credential {
    /// Names are unique ignoring case.
    func isUser(_ name: String) -> Bool { user.lowercased() == name.lowercased() }
}

/// `credentials.json`.
struct CredentialsFile {
    let folder: String
    /// How long to wait for another process that changes the file.
    var patience: Duration = .seconds(30)
    private var path: String { folder + "/credentials.json" }

    /// - Throws: ``CommandError`` `noPermission` if others could have read it.
    func read() throws -> Credentials {
        guard let bytes = try PrivateFile.secret(path) else { return Credentials() }
        do {
            return try Credentials(json: bytes, unknownMembers: .ignored)
        } catch {
            throw CommandError(.configuration, "\(path) is damaged: \(error)", hint: "rm \(path), then libctl login")
        }
    }

    /// What a login more needs in the file, in bytes, with room to spare.
    private static let largestLogin = 16 << 10

    /// Room for the file and one login more, to be had before a token is asked for: what cannot be kept must not be
    /// spent.
    func room() throws -> Replacement {
        try PrivateFile.makeFolder(folder)
        var (place, parent) = (stat(), stat())
        let isThere = stat(SystemText.path(path), &place) == 0 && stat(SystemText.path(folder), &parent) == 0
        let size = (isThere ? Int(place.st_size) : 0) + Self.largestLogin
        if isThere {
            // A file on a disk of its own cannot be replaced from here, so the room is needed there.
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

    /// Reads, changes and replaces the file, one process at a time. Nothing is written if `change` changes nothing.
    /// - Parameters:
    ///   - room: for what will be written, if there is some already.
    ///   - change: may have room made.
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

    /// Replaces the file; where that cannot be, as where it is mounted, what it says.
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
