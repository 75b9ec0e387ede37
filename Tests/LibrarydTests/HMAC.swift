import Foundation

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

/// HMAC-SHA256 (RFC 2104) from SHA-256 alone, to check what the daemon makes with its libraries: signatures, proofs.
enum HMAC {
    static func sha256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        let padded = key + Array(repeating: 0, count: 64 - key.count)
        let inner = Digest.sha256(padded.map { $0 ^ 0x36 } + message)
        return Digest.sha256(padded.map { $0 ^ 0x5C } + inner)
    }
}
