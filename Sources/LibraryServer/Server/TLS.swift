import Foundation
import NIOCore
import NIOSSL
import Shared
import Synchronization

/// The certificate and the key of the daemon, which are read again when they change.
package final class TLS: Sendable {
    private let certificate: String
    private let key: String
    private let current: Mutex<NIOSSLContext>

    /// - Parameters:
    ///   - certificate: path of a PEM file with the certificate and those that it was issued by, in this order.
    ///   - key: path of a PEM file with the private key of the certificate.
    /// - Throws: ``CommandError`` `configuration` if a file cannot be read, or the key is not that of the certificate.
    package init(certificate: String, key: String) throws {
        self.certificate = certificate
        self.key = key
        current = Mutex(try Self.load(certificate, key))
    }

    /// Reads both files again, for the connections that come from now on.
    /// - Throws: as ``init(certificate:key:)``; then the certificate that was read before stays in use.
    package func reload() throws {
        let next = try Self.load(certificate, key)
        current.withLock { $0 = next }
    }

    func handler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: current.withLock { $0 }) }

    private static func load(_ certificate: String, _ key: String) throws -> NIOSSLContext {
        func read<Value>(_ path: String, _ what: String, _ body: () throws -> Value) throws -> Value {
            do {
                return try body()
            } catch {
                throw CommandError(.configuration, "\(path) is not \(what) in PEM format")
            }
        }
        let chainBytes = try contents(certificate)
        let keyBytes = try contents(key)
        let chain = try read(certificate, "a certificate") { () throws -> [NIOSSLCertificate] in
            let chain = try NIOSSLCertificate.fromPEMBytes(chainBytes)
            guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            return chain
        }
        let privateKey = try read(key, "a private key without a passphrase") {
            try NIOSSLPrivateKey(bytes: keyBytes, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // For the client's close_notify, after which nothing that it sends is read.
        configuration.shutdownTimeout = .seconds(1)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CommandError(
                .configuration, "\(key) is not the key of the certificate in \(certificate)",
                hint: "openssl x509 -in \(certificate) -noout -pubkey; openssl pkey -in \(key) -pubout")
        }
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        do {
            return try FileContents.read(path, limit: 1 << 20)
        } catch let error as CommandError {
            throw CommandError(.configuration, error.reason, hint: error.hint)
        }
    }
}
