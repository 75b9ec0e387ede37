import CLibcrypto
import Glibc
import Shared
import SystemPackage

/// Digests through libcrypto.
package enum Digest {
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }

    /// The SHA-256 of bytes that come in pieces.
    /// - Parameter pieces: calls its argument with each.
    package static func sha256(_ pieces: (_ take: ([UInt8]) -> Void) throws -> Void) rethrows -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
        try pieces { EVP_DigestUpdate(context, $0, $0.count) }
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }

    /// The SHA-256 of a file of any size, in hexadecimal digits.
    /// - Throws: ``CommandError``.
    package static func sha256(file path: String, until cancellation: Cancellation = Cancellation()) throws -> String {
        let descriptor = try FileContents.open(path)
        defer { close(descriptor) }
        let digest = try sha256 { take in
            do {
                while case let piece = try FileContents.next(descriptor, atMost: 1 << 20), !piece.isEmpty {
                    try cancellation.check()
                    take(piece)
                }
            } catch let error as Errno {
                throw CommandError(.ioError, "\(path): \(error)")
            }
        }
        return hexadecimal(digest)
    }

    /// Two digits for each byte, in lower case.
    package static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            for (index, byte) in bytes.enumerated() {
                text[2 * index] = digits[Int(byte >> 4)]
                text[2 * index + 1] = digits[Int(byte & 15)]
            }
            return 2 * bytes.count
        }
    }
}
