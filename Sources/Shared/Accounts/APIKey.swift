/// What a program may do with an API key.
public enum KeyScope: String, Sendable, CaseIterable {
    case read
    /// To read and to write.
    case write
}

/// An API key of an account, without its secret: with it a program calls the API in place of a login.
public struct APIKey: Sendable, Equatable, JSONReadable, JSONWritable {
    /// A UUID.
    public let id: String
    /// Unique in the account, ignoring case; formed as the name of a user.
    public let name: String
    /// A ``KeyScope``; another value is one of a newer daemon.
    public let scope: String
    public let createdAt: Timestamp
    /// `nil` for a key without an end.
    public let expiresAt: Timestamp?
    /// To the hour; `nil` for a key that was never used.
    public let usedAt: Timestamp?

    public init(
        id: String, name: String, scope: KeyScope, createdAt: Timestamp, expiresAt: Timestamp?, usedAt: Timestamp?
    ) {
        self.id = id
        self.name = name
        self.scope = scope.rawValue
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.usedAt = usedAt
    }

    public init(from object: inout ObjectReader) {
        id = object.string("id", .uuid)
        name = object.string("name", .userName)
        scope = object.string("scope", .oneOf(KeyScope.allCases.map(\.rawValue)))
        createdAt = object.timestamp("created_at")
        expiresAt = object.nullableTimestamp("expires_at")
        usedAt = object.nullableTimestamp("last_used_at")
    }

    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    fileprivate func writeMembers(to json: inout JSONWriter) {
        json.member("id", id)
        json.member("name", name)
        json.member("scope", scope)
        json.member("created_at", createdAt)
        json.member("expires_at", expiresAt)
        json.member("last_used_at", usedAt)
    }
}

extension APIKey {
    /// Begins the text of each key, so that programs which look for leaked secrets can find it.
    public static let prefix = "libkey_"
    /// Of an account, at most.
    public static let limit = 100
}

/// The reply to `GET /keys`, in the order of names.
public struct APIKeyList: Sendable, Equatable, JSONReadable, JSONWritable {
    public let keys: [APIKey]

    public init(_ keys: [APIKey]) {
        self.keys = keys
    }

    public init(from object: inout ObjectReader) {
        keys = object.array("keys")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("keys", keys)
        }
    }
}

/// A new API key: the body of `POST /keys`.
public struct APIKeyRequest: Sendable, Equatable, JSONReadable, JSONWritable {
    public let name: String
    public let scope: String
    /// Seconds until the key expires, at most ten years; `nil` for a key without an end.
    public let expiresIn: Int64?

    public init(name: String, scope: KeyScope, expiresIn: Int64? = nil) {
        self.name = name
        self.scope = scope.rawValue
        self.expiresIn = expiresIn
    }

    public init(from object: inout ObjectReader) {
        name = object.string("name", .userName)
        scope = object.string("scope", .oneOf(KeyScope.allCases.map(\.rawValue)))
        expiresIn = object.optionalInteger("expires_in", minimum: 1, maximum: Self.longestLife)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("name", name)
            $0.member("scope", scope)
            if let expiresIn { $0.member("expires_in", expiresIn) }
        }
    }

    /// Ten years, the longest ``TimeSpan``.
    static let longestLife: Int64 = 10 * 366 * 86400

    /// The scope of the key.
    /// - Throws: ``InvalidFields`` with every fault.
    public func validated() throws(InvalidFields) -> KeyScope {
        let known = KeyScope(rawValue: scope)
        var faults = [Registration.fault(inName: name)].compactMap { $0 }
        if known == nil { faults.append(FieldError("scope", .invalid, "must be read or write")) }
        if let expiresIn, !(1...Self.longestLife).contains(expiresIn) {
            faults.append(FieldError("expires_in", .invalid, "must be 1 to \(Self.longestLife) seconds"))
        }
        guard faults.isEmpty, let known else { throw InvalidFields(faults) }
        return known
    }
}

/// The reply to `POST /keys`: the only one that has the secret.
public struct CreatedAPIKey: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Always ``Message/keyCreated``.
    public let message: String
    /// What a client sends as a Bearer token: ``APIKey/prefix`` and 32 bytes in Base64url.
    public let secret: String
    public let key: APIKey

    public init(secret: String, _ key: APIKey) {
        message = Message.keyCreated
        self.secret = secret
        self.key = key
    }

    public init(from object: inout ObjectReader) {
        message = object.string("message", .oneOf([Message.keyCreated]))
        secret = object.string("key", .apiKey)
        key = APIKey(from: &object)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("message", message)
            $0.member("key", secret)
            key.writeMembers(to: &$0)
        }
    }
}
