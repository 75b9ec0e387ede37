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
    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
