import LibraryStore
package import Shared

/// The key that signs tokens, and the retired key, whose tokens stay valid until they expire.
package struct SigningKeys: Sendable, Equatable {
    /// 32 random bytes.
    package let current: [UInt8]
    package var retired: Retired?
    /// ``KeySalts/version``; 0 for keys in files.
    package var version: Int64 = 0

    package struct Retired: Sendable, Equatable, JSONReadable, JSONWritable {
        package let key: [UInt8]
        package let at: Timestamp

        package init(key: [UInt8], at: Timestamp) {
            self.key = key
            self.at = at
        }

        package init(from object: inout ObjectReader) {
            key = Base64URL.decode(object.string("key")) ?? []
            at = object.timestamp("retired_at")
        }

        package func write(to json: inout JSONWriter) {
            json.object {
                $0.member("key", Base64URL.encode(key))
                $0.member("retired_at", at)
            }
        }
    }
}

extension SigningKeys {
    /// The keys that daemons share. A key is the HMAC of its salt with the secret.
    /// - Parameter secret: 32 random bytes.
    init(_ salts: KeySalts, secret: [UInt8]) {
        current = HMACSHA256.code(of: salts.current, key: secret)
        retired = salts.retired.map { Retired(key: HMACSHA256.code(of: $0.salt, key: secret), at: $0.at) }
        version = salts.version
    }
}

extension App {
    /// Creates a new key and retires the current one. The previously retired key is given up.
    func rotateKeys(at now: Timestamp) async throws -> SigningKeys {
        guard let salts = try await store.rotateKeySalts(at: now) else {
            return try keys.rotate(try keys.load(), at: now)
        }
        return SigningKeys(salts, secret: secret)
    }
}

/// The key files in the data folder: `signing.key` has the current key, `signing.key.retired` the retired key.
package struct KeyFiles: Sendable {
    private let currentPath: String
    private let retiredPath: String

    package init(folder: String) {
        currentPath = folder + "/signing.key"
        retiredPath = currentPath + ".retired"
    }

    /// The current key; `nil` if there is none yet.
    /// - Throws: as ``load()``.
    package func current() throws -> [UInt8]? { try stored()?.current }

    /// Stores the first key.
    package func create(_ key: [UInt8]) throws { try FileContents.write(key, to: currentPath) }

    /// Reads the keys. If there is no current key, creates one.
    /// - Throws: ``CommandError`` if other users can read a file, or if a file has no valid key.
    package func load() throws -> SigningKeys {
        if let keys = try stored() { return keys }
        let keys = SigningKeys(current: .random(count: 32))
        try create(keys.current)
        return keys
    }

    /// - Returns: `nil` if there is no current key.
    /// - Throws: as ``load()``.
    private func stored() throws -> SigningKeys? {
        guard let current = try secret(currentPath) else { return nil }
        guard Self.isKey(current) else {
            throw CommandError(
                .dataError, "\(currentPath) is not a key of 32 random bytes",
                hint: "delete it; clients then refresh their tokens by themselves")
        }
        var keys = SigningKeys(current: current)
        if let bytes = try secret(retiredPath) {
            let retired = try? SigningKeys.Retired(json: bytes, unknownMembers: .ignored)
            guard let retired, Self.isKey(retired.key) else {
                throw CommandError(
                    .dataError, "\(retiredPath) is not a retired key",
                    hint: "delete it; clients with tokens from before the rotation refresh them")
            }
            // A rotation that was interrupted between its two writes has retired the key that is still current.
            if retired.key != current { keys.retired = retired }
        }
        return keys
    }

    /// Creates a new key and retires the current one. The previously retired key is overwritten.
    package func rotate(_ keys: SigningKeys, at now: Timestamp) throws -> SigningKeys {
        let retired = SigningKeys.Retired(key: keys.current, at: now)
        let next = SigningKeys(current: .random(count: 32), retired: retired)
        try FileContents.write(retired.json, to: retiredPath)
        try FileContents.write(next.current, to: currentPath)
        return next
    }

    /// Refuses a file of zeros or of a repeated word, which others could guess. Of 32 random bytes, fewer than 12 are
    /// different in one of 10^25 keys.
    private static func isKey(_ bytes: [UInt8]) -> Bool { bytes.count == 32 && Set(bytes).count >= 12 }

    private func secret(_ path: String) throws -> [UInt8]? {
        guard let status = try FileStatus(path: path) else { return nil }
        try FileStatus.requireRegular(path)
        guard status.isPrivate else {
            throw CommandError(
                .noPermission, "\(path) can be read by others",
                hint: "chmod 600 \(path), then twice: libraryd key rotate")
        }
        return try FileContents.read(path, limit: 1024)
    }
}

/// The reply to `libraryd key rotate`.
package struct KeyRotation: JSONReadable, JSONWritable {
    /// The `kid` of tokens that are issued from now on.
    package let keyID: String
    /// When the last token of the retired key expires.
    package let retiredUntil: Timestamp

    package init(keyID: String, retiredUntil: Timestamp) {
        self.keyID = keyID
        self.retiredUntil = retiredUntil
    }

    package init(from object: inout ObjectReader) {
        keyID = object.string("key_id")
        retiredUntil = object.timestamp("retired_until")
    }

    package func write(to json: inout JSONWriter) {
        json.object {
            $0.member("key_id", keyID)
            $0.member("retired_until", retiredUntil)
        }
    }
}

extension DataFolder {
    package var keys: KeyFiles { KeyFiles(folder: path) }
}
