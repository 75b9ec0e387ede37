import Foundation
import Shared
import TestSupport
import Testing

/// The daemon behind the proxies of docs/operations.md, with the blocks that stand there.
@Suite(.serialized) struct ProxyTests {
    private let home = TemporaryFolder()

    private func run(_ line: String, _ proxy: Proxy) async throws -> Program.Result {
        let path = Program.buildFolder + ":/usr/bin:/bin"
        return try await Program.run(
            "/bin/bash", ["-c", line],
            environment: [
                "HOME": home.path, "PATH": path, "LIBCTL_SERVER": proxy.address, "LIBCTL_CACERT": proxy.certificate,
            ], folder: home.path)
    }

    @Test(arguments: Proxy.Kind.allCases)
    func theBlockOfTheDocumentWorks(kind: Proxy.Kind) async throws {
        let block = try #require(try CodeBlock.all(in: "docs/operations.md").first { $0.language == kind.rawValue })
        let daemon = try await Daemon(arguments: ["--behind-proxy"])
        let proxy = try await Proxy(
            kind, block: block.lines.joined(separator: "\n"), daemon: daemon.address)
        try proxy.start()
        #expect(try await run("libctl status --wait 20s", proxy).code == 0)
        let registered = try await run("echo correct horse | libctl register ada --password-stdin", proxy)
        #expect(registered.code == 0, "\(registered.error)")

        // The client is the one that the proxy sees, whatever it says of itself.
        let login =
            "curl -s --cacert $LIBCTL_CACERT -H 'X-Forwarded-For: 203.0.113.9' -u ada:wrong $LIBCTL_SERVER/login"
        #expect(try await run(login, proxy).output.contains(#""code":"credentials_wrong""#))
        #expect(daemon.log.contains(#""message":"login failed","account":"ada","client":"127.0.0.1""#))
        #expect(!daemon.log.contains("203.0.113.9"))
        let metrics = try await run("curl -s --cacert $LIBCTL_CACERT $LIBCTL_SERVER/metrics", proxy)
        #expect(metrics.output.contains(#""code":"token_missing""#))

        // A change is seen while the stream goes on.
        let watch = """
            libctl authors watch --count 1 > changes 2> watching & watcher=$!
            until grep -q watching watching; do kill -0 $watcher || exit 1; done
            libctl authors add --name A --book B --country C > added
            timeout 60 tail --pid=$watcher -f /dev/null && jq -r .name changes
            """
        #expect(try await run(watch, proxy).output == "A\n")

        // A file of nearly 64 MiB arrives. Its lines are too long for authors, and are counted all the same.
        let file = """
            head -c 900000 /dev/zero | tr '\\0' x > name
            for line in {1..74}; do printf '{"name":"'; cat name; printf '"}\\n'; done > file
            send() {
                curl -s --cacert $LIBCTL_CACERT -H "Authorization: Bearer $(libctl token)" --data-binary @file \\
                    -H 'Content-Type: application/x-ndjson' "$LIBCTL_SERVER/authors?dry_run=true"
            }
            send | grep -c '"outcome":"failed"'
            """
        let sent = try await run(file, proxy)
        #expect(sent.output == "74\n", "\(sent.error)")
        // A larger one is refused by the daemon itself. Caddy 2.6 may end the connection before its client has read
        // the reply.
        guard kind == .nginx else { return }
        let refused = try await run(file.replacing("{1..74}", with: "{1..76}") + "\nsend | jq -r .code", proxy)
        #expect(refused.output.hasSuffix("body_too_large\n"), "\(refused.output) \(refused.error)")
    }
}
