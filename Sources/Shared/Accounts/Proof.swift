/// By which a client recognizes the daemon of a login at another of its addresses: members of the replies to
/// `POST /login` and `POST /token/refresh`.
public struct DaemonKey: Sendable, Equatable {
    /// The id of the daemon's library, a UUID in lower case. It is public, and proves nothing.
    public let daemon: String
    /// The `public_id` of the user who is logged in.
    public let user: String
    /// The proof key, a secret of the daemon and this user: 32 bytes in Base64url. Its text is the key of the HMAC.
    public let key: String

    public init(daemon: String, user: String, key: String) {
        self.daemon = daemon
        self.user = user
        self.key = key
    }

    /// Reads the members that ``write(into:)`` writes; `nil` unless all of them are there, because older daemons and
    /// older clients have none.
    public init?(from object: inout ObjectReader) {
        let daemon = object.optionalString("daemon", .uuid)
        let user = object.optionalString("public_id", .uuid)
        let key = object.optionalString("proof_key", .bytes32)
        guard let daemon, let user, let key else { return nil }
        self.init(daemon: daemon, user: user, key: key)
    }

    /// Adds the members to an object.
    public func write(into json: inout JSONWriter) {
        json.member("daemon", daemon)
        json.member("public_id", user)
        json.member("proof_key", key)
    }
}

/// The body of `POST /proof`: asks the daemon to prove that it is the one that issued a ``DaemonKey``.
public struct ProofRequest: Sendable, Equatable, JSONReadable, JSONWritable {
    /// The user whose proof key to use: a UUID. Whether there is such a user is not told.
    public let user: String
    /// 32 random bytes in Base64url, which the client has not used before.
    public let nonce: String

    public init(user: String, nonce: String) {
        self.user = user
        self.nonce = nonce
    }

    public init(from object: inout ObjectReader) {
        user = object.string("user", .uuid)
        nonce = object.string("nonce", .bytes32)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("user", user)
            $0.member("nonce", nonce)
        }
    }

    /// - Throws: ``InvalidFields``.
    public func validate() throws(InvalidFields) {
        let isHexadecimal = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
        let isWord = { (byte: UInt8) in byte.isASCIILetterOrDigit || "-_".utf8.contains(byte) }
        var faults: [FieldError] = []
        let groups = user.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        if groups.map(\.count) != [8, 4, 4, 4, 12] || !groups.joined().allSatisfy(isHexadecimal) {
            faults.append(FieldError("user", .invalid, "must be a UUID in lower case"))
        }
        if nonce.utf8.count != 43 || !nonce.utf8.allSatisfy(isWord) {
            faults.append(FieldError("nonce", .invalid, "must be 32 bytes in Base64url"))
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }
}

/// The reply of `POST /proof`.
public struct Proof: Sendable, Equatable, JSONReadable, JSONWritable {
    /// As ``DaemonKey/daemon``.
    public let daemon: String
    /// HMAC-SHA256 (RFC 2104) of ``message(daemon:user:nonce:place:)`` with the user's proof key, in Base64url.
    public let proof: String

    public init(daemon: String, proof: String) {
        self.daemon = daemon
        self.proof = proof
    }

    public init(from object: inout ObjectReader) {
        daemon = object.string("daemon", .uuid)
        proof = object.string("proof", .bytes32)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("daemon", daemon)
            $0.member("proof", proof)
        }
    }

    /// The bytes that are authenticated: lines, of which only the last can contain a line feed.
    /// - Parameter place: as ``ConnectionPlace`` writes it. The daemon takes the address on which it has accepted the
    ///   connection, the client the address to which it is connected. They differ if somebody in between passes the
    ///   request on, so such a proof is refused.
    public static func message(daemon: String, user: String, nonce: String, place: String) -> [UInt8] {
        Array("libraryd proof 1\n\(daemon)\n\(user)\n\(nonce)\n\(place)".utf8)
    }
}
