import CLibcrypto

/// HMAC with SHA-256 (RFC 2104).
enum HMACSHA256 {
    /// - Returns: 32 bytes.
    static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var (code, length) = ([UInt8](repeating: 0, count: 32), UInt32(32))
        HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
        return code
    }
}
