import Foundation
import TestSupport

/// A proxy with TLS on a free port, with a block of the documents. Releasing the last reference ends it.
final class Proxy {
    enum Kind: String, CaseIterable {
        case nginx, caddy

        var program: String { self == .nginx ? "/usr/sbin/nginx" : "/usr/bin/caddy" }
    }

    let address: String
    /// The file of the configuration.
    let file: String
    var certificate: String { folder.path + "/certificate" }
    private let kind: Kind
    private let folder = TemporaryFolder()
    private let process = Process()

    /// - Parameters:
    ///   - block: the block; its address, its certificates and the daemon's address are replaced.
    ///   - daemon: `http://HOST:PORT`.
    init(_ kind: Kind, block: String, daemon: String = "http://127.0.0.1:8080") async throws {
        self.kind = kind
        let port = try LoopbackSocket.freePort(in: 20000...32000)
        address = "https://localhost:\(port)"
        file = folder.path + "/configuration"
        let made = try await Program.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.path + "/key", "-out",
                folder.path + "/certificate",
            ])
        guard made.code == 0 else { throw Missing(what: "a certificate: \(made.error)") }
        let block = block.replacing("http://127.0.0.1:8080", with: daemon)
            .replacing("127.0.0.1:8080", with: daemon.replacing("http://", with: ""))
        let text = kind == .nginx ? nginxFile(block, port) : caddyFile(block)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    }

    private func nginxFile(_ block: String, _ port: UInt16) -> String {
        let server = block.replacing("listen 443", with: "listen 127.0.0.1:\(port)")
            .replacing(/ssl_certificate_key [^;]+/) { _ in "ssl_certificate_key \(folder.path)/key" }
            .replacing(/ssl_certificate [^;]+/) { _ in "ssl_certificate \(certificate)" }
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(folder.path)/\($0);"
        }
        // The workers of root have another user, who cannot read the folder.
        return """
            \(getuid() == 0 ? "user root;" : "") daemon off; pid \(folder.path)/pid; error_log stderr; events {}
            http { access_log off; \(folders.joined(separator: " "))
            \(server)
            }
            """
    }

    private func caddyFile(_ block: String) -> String {
        let site = block.replacing(
            "library.example.org {", with: "\(address) {\n tls \(certificate) \(folder.path)/key")
        return "{\n admin off\n auto_https disable_redirects\n}\n" + site
    }

    func start() throws {
        process.executableURL = URL(fileURLWithPath: kind.program)
        process.arguments =
            kind == .nginx ? ["-e", "stderr", "-c", file] : ["run", "--adapter", "caddyfile", "--config", file]
        process.environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}
