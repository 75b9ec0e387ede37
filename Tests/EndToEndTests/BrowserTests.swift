import Foundation
import TestSupport
import Testing

/// The page at `/`, in a browser (Debian: chromium-headless-shell).
@Suite(.serialized) struct BrowserTests {
    private let home = TemporaryFolder()

    private struct Look {
        /// The page once the browser has read it, as HTML.
        let page: String
        /// What the browser has to say about it, such as what its policy forbids.
        let complaints: [Substring]
        /// PNG.
        let picture: Data
    }

    private func look(at address: String) async throws -> Look {
        let picture = home.path + "/picture.png"
        // The sandbox of the browser needs rights that a container may not give.
        let options = [
            "--no-sandbox", "--disable-gpu", "--user-data-dir=\(home.path)/browser", "--enable-logging=stderr",
            "--log-level=0", "--window-size=800,600",
        ]
        func browse(_ option: String) async throws -> Program.Result {
            try await Program.run(
                "/usr/bin/chromium-headless-shell", options + [option, address + "/"],
                environment: ["HOME": home.path, "PATH": "/usr/bin:/bin"])
        }
        let dump = try await browse("--dump-dom")
        #expect(dump.code == 0, "\(dump.error)")
        let screenshot = try await browse("--screenshot=\(picture)")
        #expect(screenshot.code == 0, "\(screenshot.error)")
        return Look(
            page: dump.output, complaints: dump.error.split(separator: "\n").filter { $0.contains(":CONSOLE:") },
            picture: try Data(contentsOf: URL(fileURLWithPath: picture)))
    }

    private func curl(_ options: String..., from daemon: Daemon) async throws -> String {
        try await Program.run("/usr/bin/curl", ["-s", "-H", "Accept: text/html"] + options + [daemon.address + "/"])
            .output
    }

    /// The style applies, nothing is missing, and what is not of this page would not run.
    @Test func aBrowserShowsThePage() async throws {
        let daemon = try await Daemon()
        let seen = try await look(at: daemon.address)
        #expect(seen.complaints == [])
        for text in ["<h1>libraryd</h1>", "libctl register", #"<a href="/openapi.json">"#] {
            #expect(seen.page.contains(text), "\(seen.page)")
        }

        let page = try await curl(from: daemon)
        let policy = try await curl("-o", "/dev/null", "-w", "%header{content-security-policy}", from: daemon)
        func altered(_ page: String) async throws -> Look {
            let server = try FakeServer(
                answer: FakeServer.http(
                    "200 OK", type: "text/html; charset=utf-8", headers: "Content-Security-Policy: \(policy)\r\n", page)
            )
            return try await look(at: server.address)
        }
        let script = try await altered(page + "<script>document.title = 'run'</script>")
        #expect(script.complaints.count == 1 && script.page.contains("<title>libraryd</title>"))
        #expect(script.picture == seen.picture)
        let style = try await altered(page.replacing("<style>", with: "<style>p{color:red}"))
        #expect(style.complaints.count == 1 && style.picture != seen.picture)
    }
}
