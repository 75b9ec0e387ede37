import CLibcrypto
import Foundation
import LibraryStore
import NIOPosix
import Shared
import Synchronization

/// Hashes and verifies passwords with scrypt (RFC 7914) in libcrypto, on a limited number of threads.
package final class Passwords: Sendable {
    /// scrypt's parameters (RFC 7914, section 2): N = 2^logN, r and p.
    package struct Cost: Sendable, Equatable {
        let logN: Int
        let r: Int
        let p: Int

        package init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// OWASP Password Storage Cheat Sheet: N=2^15, r=8, p=3.
        package static let owasp = Cost(logN: 15, r: 8, p: 3)

        /// Whether the cost is at most that of ``owasp``. Costlier hashes are not computed, because they could block
        /// the threads.
        var isBearable: Bool {
            (1...17).contains(logN) && (1...16).contains(r) && (1...16).contains(p)
                && (1 << logN) * r * p <= (1 << 15) * 8 * 3
        }
    }

    private static let queueLength = 16
    /// Limit of one address in queue and threads together, so that one address cannot lock out all others.
    private static let placesOfOneAddress = 6

    private let cost: Cost
    /// Own threads: on the shared threads of Dispatch, other work of every request would wait for a hash.
    private let pool: NIOThreadPool
    /// Number of hashes in queue and threads by address; those of the unix socket and the operator under `nil`.
    private let waiting = Mutex<[String?: Int]>([:])
    /// A hash of no known password: verifying against it takes as long as verifying against a real hash.
    private let decoy: String
    /// The costliest Werkzeug method of all imported users. Every verification computes it, so that the time does not
    /// reveal which users were imported.
    private let costliest = Mutex<WerkzeugHash.Method?>(nil)

    package init(cost: Cost = .owasp, threads: Int = min(2, ProcessInfo.processInfo.activeProcessorCount)) {
        self.cost = cost
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
        decoy = Self.text(cost, salt: .random(count: 16), key: .random(count: 32))
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// The hash of a password as a PHC string: `$scrypt$ln=15,r=8,p=3$SALT$HASH`
    /// (https://github.com/P-H-C/phc-string-format).
    /// - Throws: ``Failure`` `busy` if the queue is full.
    func hash(_ password: [UInt8], for address: String? = nil) async throws -> String {
        let cost = cost
        return try await onPool(for: address) {
            let salt = [UInt8].random(count: 16)
            return Self.text(cost, salt: salt, key: try Self.scrypt(password, salt: salt, cost: cost))
        }
    }

    /// Whether the hash is that of the password. Without a hash, returns `false` after the same time.
    /// - Throws: ``Failure`` `busy` if the queue is full.
    func verify(_ password: [UInt8], against hash: String?, for address: String? = nil) async throws -> Bool {
        let decoy = decoy
        let costliest = costliest.withLock { $0 }
        let stored = hash ?? decoy
        let matches = try await onPool(for: address) {
            // A malformed hash takes as long as a valid one.
            let readable = StoredHash(stored)
            guard let hash = readable ?? StoredHash(decoy) else { return false }
            let input = try hash.inner.map { try WerkzeugHash.digest(password, $0.method, salt: $0.salt) } ?? password
            if let costliest, costliest != hash.inner?.method {
                _ = try WerkzeugHash.digest(password, costliest, salt: "decoy")
            }
            let computed = try Self.scrypt(input, salt: hash.salt, cost: hash.cost)
            return readable != nil && CRYPTO_memcmp(computed, hash.key, computed.count) == 0
        }
        return matches && hash != nil
    }

    /// Hashes a Werkzeug hash, which may be weak, with scrypt: `$werkzeug$METHOD$SALT`, then the form of
    /// ``hash(_:for:)``.
    func wrap(_ inner: WerkzeugHash) async throws -> String {
        expect(inner.method)
        return "$werkzeug$\(inner.methodText)$\(inner.salt)" + (try await hash(inner.digest))
    }

    /// Makes every verification take as long as one against this stored hash.
    func expect(_ hash: String) {
        if let inner = StoredHash(hash)?.inner { expect(inner.method) }
    }

    private func expect(_ method: WerkzeugHash.Method) {
        costliest.withLock { if method.cost > $0?.cost ?? 0 { $0 = method } }
    }

    /// Whether the hash should be replaced at the next login, when the password is known.
    func isOutdated(_ hash: String) -> Bool {
        StoredHash(hash).map { $0.inner != nil || $0.cost != cost } ?? false
    }

    /// The number of passwords that are being hashed or wait for it.
    var pendingCount: Int { waiting.withLock { $0.values.reduce(0, +) } }

    private func onPool<Value: Sendable>(
        for address: String?, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let places = Self.queueLength + pool.numberOfThreads
        try waiting.withLock { waiting throws(Failure) in
            // The operator has a queue separate from that of network clients.
            let own = waiting[address, default: 0]
            let all = address == nil ? own : waiting.reduce(0) { $0 + ($1.key == nil ? 0 : $1.value) }
            guard all < places, address == nil || own < Self.placesOfOneAddress else { throw Failure.busy }
            waiting[address] = own + 1
        }
        defer {
            waiting.withLock {
                let left = $0[address, default: 1] - 1
                $0[address] = left > 0 ? left : nil
            }
        }
        return try await pool.runIfActive(work)
    }

    static func scrypt(_ password: [UInt8], salt: [UInt8], cost: Cost, length: Int = 32) throws -> [UInt8] {
        var key = [UInt8](repeating: 0, count: length)
        let n = UInt64(1) << UInt64(cost.logN)
        let (r, p) = (UInt64(cost.r), UInt64(cost.p))
        // libcrypto's default limit of 32 MiB is slightly too small for N=2^15 and r=8 (EVP_PBE_scrypt(3)).
        let memory = 128 * r * (n + p + 2)
        let done = password.withUnsafeBytes {
            EVP_PBE_scrypt(
                $0.bindMemory(to: CChar.self).baseAddress, password.count, salt, salt.count, n, r, p, memory, &key,
                length)
        }
        guard done == 1 else { throw Failure(.internalError) }
        return key
    }

    private static func text(_ cost: Cost, salt: [UInt8], key: [UInt8]) -> String {
        func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString().trimmingCharacters(in: ["="]) }
        return "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(base64(salt))$\(base64(key))"
    }
}

/// A parsed password hash from the database.
private struct StoredHash {
    let inner: (method: WerkzeugHash.Method, salt: String)?
    let cost: Passwords.Cost
    let salt: [UInt8]
    let key: [UInt8]

    /// `nil` if the text is malformed or the hash would take too long to compute.
    init?(_ text: String) {
        var parts = text.split(separator: "$", omittingEmptySubsequences: false)[...]
        guard parts.popFirst()?.isEmpty == true else { return nil }
        if parts.first == "werkzeug" {
            guard parts.count == 7, let method = WerkzeugHash.method(parts[2]) else { return nil }
            inner = (method, String(parts[3]))
            parts = parts.dropFirst(3)
        } else {
            inner = nil
        }
        let texts = Array(parts)
        guard texts.count == 4, texts[0] == "scrypt" else { return nil }
        let numbers = texts[1].split(separator: ",").map { $0.split(separator: "=") }
        guard numbers.map(\.first) == ["ln", "r", "p"], numbers.allSatisfy({ $0.count == 2 }),
            let logN = Int(numbers[0][1]), let r = Int(numbers[1][1]), let p = Int(numbers[2][1])
        else { return nil }
        func bytes(_ base64: Substring) -> [UInt8]? {
            let padding = String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
            return Data(base64Encoded: base64 + padding).map { Array($0) }
        }
        cost = Passwords.Cost(logN: logN, r: r, p: p)
        guard let salt = bytes(texts[2]), let key = bytes(texts[3]), key.count == 32, cost.isBearable else {
            return nil
        }
        self.salt = salt
        self.key = key
    }
}
