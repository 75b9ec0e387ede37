import Foundation
import TestSupport
import Testing

/// HTTPS with a certificate authority that the test makes.
@Suite(.serialized) struct TLSTests {
    private let folder = TemporaryFolder()

    init() async throws {
        let script = """
            cd "$1"
            for name in ca other; do
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$name" \
                    -keyout $name.key -out $name.pem
            done
            for name in server next; do
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
                    -keyout $name.key -out $name.csr
                printf 'subjectAltName=IP:127.0.0.1,DNS:localhost' > san
                openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san \
                    -out $name.pem
            done
            """
        let result = try await Program.run("/bin/sh", ["-euc", script, "sh", folder.path])
        try #require(result.code == 0, "\(result.error)")
    }

    private func daemon() async throws -> Daemon {
        try await Daemon(arguments: [
            "--tls-certificate", folder.path + "/server.pem", "--tls-key", folder.path + "/server.key",
        ])
    }

    private func curl(_ daemon: Daemon, _ arguments: String...) async throws -> Program.Result {
        try await Program.run(
            "/usr/bin/curl", ["-sS", "--cacert", folder.path + "/ca.pem"] + arguments + [daemon.address + "/livez"])
    }

    private func libctl(
        _ daemon: Daemon, _ arguments: [String], _ variables: [String: String] = [:]
    ) async throws -> Program.Result {
        let environment = ["HOME": folder.path, "LIBCTL_SERVER": daemon.address].merging(variables) { $1 }
        return try await Program.run(Program.path("libctl"), arguments, environment: environment)
    }

    @Test func theDaemonSpeaksTLS() async throws {
        let daemon = try await daemon()
        #expect(daemon.address.hasPrefix("https://127.0.0.1:"))
        for version in ["1.2", "1.3"] {
            let result = try await curl(daemon, "--tlsv\(version)", "--tls-max", version)
            #expect(result.output == #"{"status":"ok"}"#, "\(result.error)")
        }
        #expect(try await curl(daemon, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0").code == 35)
        // Plain HTTP on the same port is no reply at all.
        #expect(try !daemon.send(raw: Array("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".utf8)).hasPrefix("HTTP/1.1 200"))
        #expect(try await daemon.end(SIGTERM) == 0)
    }

    @Test func aNewCertificateIsReadAtSIGHUP() async throws {
        let daemon = try await daemon()
        func subject() async throws -> String {
            let script =
                #"openssl s_client -connect "$1" -CAfile "$2" < /dev/null 2> /dev/null | openssl x509 -noout -subject"#
            let host = String(daemon.address.dropFirst("https://".count))
            return try await Program.run("/bin/sh", ["-c", script, "sh", host, folder.path + "/ca.pem"]).output
        }
        #expect(try await subject() == "subject=CN = server\n")
        for name in ["pem", "key"] {
            _ = try await Program.run("/bin/cp", ["\(folder.path)/next.\(name)", "\(folder.path)/server.\(name)"])
        }
        kill(daemon.pid, SIGHUP)
        for _ in 0..<200 where try await subject() != "subject=CN = next\n" {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await subject() == "subject=CN = next\n")
        // A file that is not right changes nothing.
        try Data("no key".utf8).write(to: URL(fileURLWithPath: folder.path + "/server.key"))
        kill(daemon.pid, SIGHUP)
        for _ in 0..<200 where !daemon.log.contains("could not be read again") {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(daemon.log.contains("could not be read again"))
        #expect(try await subject() == "subject=CN = next\n")
    }

    @Test(arguments: [
        (["--tls-certificate", "/server.pem", "--tls-key", "/other.key"], "is not the key of the certificate in"),
        (["--tls-certificate", "/server.key", "--tls-key", "/server.key"], "is not a certificate in PEM format"),
        (
            ["--tls-certificate", "/server.pem", "--tls-key", "/server.csr"],
            "is not a private key without a passphrase"
        ),
        (["--tls-certificate", "/none.pem", "--tls-key", "/server.key"], "No such file or directory"),
        (["--tls-certificate", "/server.pem"], "tls-certificate needs tls-key too"),
        (["--tls-key", "/server.key"], "tls-key needs tls-certificate too"),
    ])
    func whatDoesNotFitIsRefused(arguments: [String], words: String) async throws {
        let arguments = arguments.map { $0.hasPrefix("/") ? folder.path + $0 : $0 }
        let result = try await Program.run(
            Program.path("libraryd"), ["--data", folder.path + "/data", "--listen", "127.0.0.1:0"] + arguments,
            environment: ["HOME": folder.path])
        #expect(result.code == 78)
        #expect(result.error.contains(words), "\(result.error)")
    }

    @Test func theClientTrustsWhomItIsTold() async throws {
        let daemon = try await daemon()
        let (ca, other) = (folder.path + "/ca.pem", folder.path + "/other.pem")
        for (arguments, variables) in [
            (["--cacert", ca], [:]), ([], ["LIBCTL_CACERT": ca]), ([], ["SSL_CERT_FILE": ca]),
            (["--cacert", ca], ["LIBCTL_CACERT": other]), ([], ["LIBCTL_CACERT": ca, "SSL_CERT_FILE": other]),
        ] as [([String], [String: String])] {
            let result = try await libctl(daemon, ["api", "GET", "/livez"] + arguments, variables)
            #expect(result.code == 0 && result.output.contains("ok"), "\(arguments) \(variables): \(result.error)")
        }
        for arguments in [[], ["--cacert", other]] {
            let result = try await libctl(daemon, ["api", "GET", "/livez"] + arguments)
            #expect(result.code == 76)
            #expect(result.error.contains("the certificate of \(daemon.address) is not trusted"))
            #expect(result.error.contains("--cacert FILE"))
        }
        let missing = try await libctl(daemon, ["api", "GET", "/livez", "--cacert", folder.path + "/none.pem"])
        #expect(missing.code == 78 && missing.error.contains("none.pem: No such file or directory"))

        #expect(try await libctl(daemon, ["config", "set", "cacert", "ca.pem"]).code == 7)
        #expect(try await libctl(daemon, ["config", "set", "cacert", ca]).code == 0)
        #expect(try await libctl(daemon, ["api", "GET", "/livez"]).code == 0)
    }
}
