import CLibcrypto
import LibraryStore
import Shared

/// A password hash in the form of Werkzeug's `generate_password_hash`: `METHOD$SALT$HEX`. The salt is used as ASCII
/// text, not decoded (https://werkzeug.palletsprojects.com/en/stable/utils/#module-werkzeug.security).
struct WerkzeugHash: Equatable {
    enum Method: Equatable {
        /// `sha256`, of Werkzeug before version 3: HMAC-SHA256 with the salt as the key.
        case hmac
        /// `pbkdf2:sha256:ITERATIONS` (RFC 8018, section 5.2). The number is required: the default of old versions
        /// was 150,000 or 260,000, and is not guessed.
        case pbkdf2(iterations: Int32)
        /// `scrypt:N:R:P` with a result of 64 bytes (RFC 7914).
        case scrypt(Passwords.Cost)

        /// Cost relative to other methods; a unit takes about a third of a microsecond.
        var cost: Int {
            switch self {
            case .hmac: 1
            case .pbkdf2(let iterations): Int(iterations)
            case .scrypt(let cost): (1 << cost.logN) * cost.r * cost.p
            }
        }
    }

    let method: Method
    let salt: String
    let digest: [UInt8]

    /// Takes about half a second.
    private static let mostIterations: Int32 = 1_000_000

    /// `nil` if the text has another form or the hash would take too long to compute.
    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 3, let digest = Self.bytes(hexadecimal: parts[2]),
            let method = Self.method(parts[0]), digest.count == Self.length(method),
            (1...128).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        self.method = method
        self.digest = digest
        salt = String(parts[1])
    }

    /// Reads the form of ``methodText``; `nil` if the text has another form or the hash would take too long to
    /// compute.
    static func method(_ text: Substring) -> Method? {
        let words = text.split(separator: ":", omittingEmptySubsequences: false)
        func number(_ index: Int) -> Int? { Int64(decimal: words[index]).flatMap { Int(exactly: $0) } }
        switch (words.first, words.count) {
        case ("sha256", 1): return .hmac
        case ("pbkdf2", 3) where words[1] == "sha256":
            guard let iterations = number(2).flatMap({ Int32(exactly: $0) }), (1...mostIterations).contains(iterations)
            else { return nil }
            return .pbkdf2(iterations: iterations)
        case ("scrypt", 4):
            guard let n = number(1), let r = number(2), let p = number(3), n > 1, n & (n - 1) == 0 else { return nil }
            let cost = Passwords.Cost(logN: n.trailingZeroBitCount, r: r, p: p)
            return cost.isBearable ? .scrypt(cost) : nil
        default: return nil
        }
    }

    var methodText: String {
        switch method {
        case .hmac: "sha256"
        case .pbkdf2(let iterations): "pbkdf2:sha256:\(iterations)"
        case .scrypt(let cost): "scrypt:\(1 << cost.logN):\(cost.r):\(cost.p)"
        }
    }

    /// Computes the hash of a password.
    static func digest(_ password: [UInt8], _ method: Method, salt: String) throws -> [UInt8] {
        let salt = Array(salt.utf8)
        var digest = [UInt8](repeating: 0, count: length(method))
        switch method {
        case .hmac:
            var length: UInt32 = 0
            guard
                HMAC(EVP_sha256(), salt, Int32(salt.count), password, password.count, &digest, &length) != nil,
                length == 32
            else { throw Failure(.internalError) }
        case .pbkdf2(let iterations):
            let done = password.withUnsafeBytes {
                PKCS5_PBKDF2_HMAC(
                    $0.bindMemory(to: CChar.self).baseAddress, Int32(password.count), salt, Int32(salt.count),
                    iterations, EVP_sha256(), 32, &digest)
            }
            guard done == 1 else { throw Failure(.internalError) }
        case .scrypt(let cost): digest = try Passwords.scrypt(password, salt: salt, cost: cost, length: 64)
        }
        return digest
    }

    private static func length(_ method: Method) -> Int {
        if case .scrypt = method { 64 } else { 32 }
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
