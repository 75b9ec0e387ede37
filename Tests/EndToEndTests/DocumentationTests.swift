import Foundation
import Shared
import TestSupport
import Testing

/// README and docs: each command with its output, each block of a file, each link. CONTRIBUTING.md has the form.
@Suite(.serialized) struct DocumentationTests {
    /// README and the files of docs/, from the root of the repository.
    static let documents = ["README.md"] + pages.sorted()
    private static var pages: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Program.repository + "/docs")) ?? []
        return names.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
    }

    /// Shell blocks that are not run, by their first line, and why.
    private static let notRun = [
        "sudo -u postgres createuser --pwprompt libraryd": "needs a server; two-daemons.sh has one",
        "export LIBRARYD_DATABASE='postgresql://libraryd@db.example.org/library?sslmode=verify-full'":
            "needs a server; two-daemons.sh has one",
        "export LIBRARYD_DATABASE='postgresql://libraryd@db1.example.org,db2.example.org,db3.example.org/library?sslmode=verify-full'":
            "needs three servers; FailoverTests has them",
        "install -m 700 -d ~/.local/share/libraryd": "needs another machine; two-daemons.sh copies the key",
        "libraryd copy --database \"$LIBRARYD_DATABASE\"": "needs a server; PostgresCommandTests copies a library",
        "make install PREFIX=$HOME/.local": "builds for ten minutes",
        "make demo": "builds for ten minutes",
        "sudo apt-get install git libcurl4-openssl-dev libpq-dev libsqlite3-dev libssl-dev zlib1g-dev curl jq strace":
            "installs packages",
        "make uninstall PREFIX=$HOME/.local": "removes installed programs",
        "export PATH=\"$HOME/.local/bin:$PATH\"": "belongs into ~/.bashrc; the tests have the programs elsewhere",
        "typeset -U path fpath": "belongs into ~/.zshrc",
        "useradd --system --home-dir /var/lib/libraryd _libraryd": "makes a user of the system",
        "make deb": "builds for ten minutes",
        "sudo -u _libraryd libraryd user list --data /var/lib/libraryd": "needs the service",
        "systemctl stop libraryd": "needs the service",
        "libraryd user add ada --password-file password": "ada is there already; OperatorTests adds users",
        "journalctl -u libraryd -o cat | jq -c 'select(.status >= 500)'": "needs the service",
        "cp packaging/fail2ban/filter.d/libraryd.conf /etc/fail2ban/filter.d/":
            "changes the system; MonitoringTests has the files",
        "libraryd import-flask old.db --dry-run": "needs a database of the tutorial; FlaskImportTests has some",
        "libraryd --listen 0.0.0.0:8443 --tls-certificate server.pem --tls-key server.key": "serves other machines",
        "libctl authors import goodreads_library_export.csv --map name=Author,book=Title \\":
            "reads exports of other programs; ImportFormatTests has some",
    ]

    private static func samples(of file: String) throws -> [ConsoleSample] {
        try CodeBlock.all(in: file).filter { $0.language == "console" }.flatMap(ConsoleSample.all)
    }

    private static var documentsWithSamples: [String] {
        documents.filter { document in (try? samples(of: document).isEmpty) != true }
    }

    @Test(arguments: documentsWithSamples)
    func samplesAreTrue(document: String) async throws {
        var samples = try Self.samples(of: document)
        if document != "README.md" {
            // A page begins where the README's quick start ends.
            let quickStart = try #require(CodeBlock.all(in: "README.md").first { $0.language == "console" })
            samples = try ConsoleSample.all(in: quickStart) + samples
        }
        let faults = try await SampleShell.faults(in: samples)
        for fault in faults { Issue.record("\(fault)") }
        if ProcessInfo.processInfo.environment["WRITE_SAMPLES"] == "1" {
            try WrongSample.correct(faults, in: document)
        }
    }

    @Test func aWrongSampleIsFound() async throws {
        let text = """
            ```console
            $ echo one; echo two
            one
            three
            $ echo one \\
                more
            one more
            $ printf 'abc\\rx\\e[K\\e[1mz\\e[0m\\n'
            xz
            $ seq 3; echo 2026-11-25
            1
            …
            2026-…
            $ seq 2
            1
            $ echo more
            $ false
            $ false
            $ echo $?
            1
            $ read -rs -p 'Again: ' word < /dev/tty; echo; echo "$word"
            Again:
            correct horse battery staple
            $ read -r -p 'Sure? [y/N] ' word < /dev/tty; echo "$word"
            Sure? [y/N] y
            n
            $ echo later &
            later
            $ printf '\\e[31m12345\\r\\e[0m123\\e[K\\n'; cd; pwd
            123
            /home/ada
            ```
            """
        let samples = try CodeBlock.all(in: text, file: "T.md").flatMap(ConsoleSample.all)
        let faults = try await SampleShell.faults(in: samples)
        #expect(
            faults.map(\.description) == [
                "T.md:2: echo one; echo two\nprints:\none\ntwo", "T.md:14: seq 2\nprints:\n1\n2",
                "T.md:16: echo more\nprints:\nmore",
                "T.md:17: false\nends with 1, and the document does not say so",
                "T.md:24: read -r -p 'Sure? [y/N] ' word < /dev/tty; echo \"$word\"\nprints:\nSure? [y/N] y\ny",
            ])
        // A placeholder stays where it is right.
        #expect(faults.compactMap { $0.sample.corrected($0.shown ?? "") }.prefix(2) == [["one", "two"], ["1", "2"]])
        let changed = ConsoleSample(file: "T.md", line: 1, command: "date", expected: ["a: …", "b: 2"])
        #expect(changed.corrected("z\na: 7\nb: 3") == ["z", "a: …", "b: 3"])
        #expect(changed.corrected("") == [])
    }

    @Test func theAPIPageHasEveryRoute() throws {
        let page = try RouteListing.page
        let updated = RouteListing.updated(page)
        #expect(updated == page, "run: make samples")
        if ProcessInfo.processInfo.environment["WRITE_SAMPLES"] == "1" { try RouteListing.write(updated) }
        #expect(page.contains("Any request can fail with \(RouteListing.ofEveryRequest)."))
        let named = page.matches(of: /`(GET|POST|PUT|PATCH|DELETE) (\/[^`?]*)/).map { "\($0.1) \($0.2)" }
        #expect(Set(named) == Set(Endpoints.all.map { "\($0.method.rawValue) \($0.path)" }))
    }

    @Test func thePictureIsOfThesePrograms() async throws {
        let folder = TemporaryFolder()
        let script = try await Program.run(
            "/bin/bash", [Program.repository + "/scripts/picture", folder.path + "/picture.svg"],
            environment: ["PROGRAMS": Program.buildFolder])
        #expect(script.code == 0, "\(script.error)")
        func text(_ path: String) throws -> [String] {
            try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        }
        let difference = try text(folder.path + "/picture.svg").difference(
            from: try text(Program.repository + "/docs/session.svg"))
        #expect(difference.isEmpty, "run: make picture")
    }

    @Test func everyOtherBlockIsCheckedOrNamed() async throws {
        var named: Set<String> = []
        for block in try Self.documents.flatMap(CodeBlock.all) where block.language != "console" {
            if block.language == "sh" { named.insert(Self.name(of: block)) }
            if let fault = try await fault(in: block) { Issue.record("\(block.file):\(block.line): \(fault)") }
        }
        // No entry outlives its block.
        #expect(Set(Self.notRun.keys).subtracting(named).isEmpty)
    }

    /// The first line of a block, without its comment.
    private static func name(of block: CodeBlock) -> String {
        let line = block.lines.first ?? ""
        return line[..<(line.range(of: "  #")?.lowerBound ?? line.endIndex)].trimmingCharacters(in: .whitespaces)
    }

    private func fault(in block: CodeBlock) async throws -> String? {
        let text = block.lines.joined(separator: "\n") + "\n"
        switch block.language {
        case "sh":
            guard Self.notRun[Self.name(of: block)] != nil else {
                return "make this a console block, which is run, or name it in notRun, with the reason"
            }
            return try await Self.syntaxFault(text)
        case "cron":
            for line in block.lines where !line.hasPrefix("#") {
                let fields = line.split(separator: " ", maxSplits: 5)
                let times = fields.prefix(5).allSatisfy { $0.allSatisfy { "0123456789*/,-".contains($0) } }
                guard fields.count == 6, times else { return "'\(line)' is not a line of a crontab" }
                // A % ends the command (crontab(5)).
                if fields[5].contains("%") { return "'\(line)' has a %" }
                if let fault = try await Self.syntaxFault(String(fields[5])) { return fault }
            }
        case "json": _ = try JSONValue(parsing: Array(text.utf8))
        case "ini": return try await ServerConfiguration.unitFault(text)
        case "nginx": return try await ServerConfiguration.nginxFault(text)
        case "yaml": return try await ServerConfiguration.prometheusFault(text)
        case "caddy": return try await ServerConfiguration.caddyFault(text)
        case "mermaid", "text", "dockerfile": break
        case "indented": return "put it between fences, with its language"
        default: return "a block of '\(block.language)', which no test checks"
        }
        return nil
    }

    private static func syntaxFault(_ script: String) async throws -> String? {
        let check = try await Program.run("/bin/bash", ["-n"], input: script)
        return check.code == 0 ? nil : check.error
    }

    @Test func wrongConfigurationIsFound() async throws {
        let unit = "[Unit]\nDescription=d\n\n[Service]\nExecStart=/usr/local/bin/libraryd\n"
        #expect(try await ServerConfiguration.unitFault(unit) == nil)
        #expect(try await ServerConfiguration.unitFault(unit + "Restrat=always\n") != nil)
        let server = """
            server {
                listen 443 ssl;
                ssl_certificate /etc/x.pem;
                ssl_certificate_key /etc/x.key;
                location / { proxy_pass http://127.0.0.1:8080; }
            }
            """
        #expect(try await ServerConfiguration.nginxFault(server) == nil)
        #expect(try await ServerConfiguration.nginxFault(server + "\n}") != nil)
        #expect(try await ServerConfiguration.nginxFault(server.replacing("proxy_pass", with: "proxy_pas")) != nil)
        let site = "library.example.org {\n    reverse_proxy 127.0.0.1:8080\n}\n"
        #expect(try await ServerConfiguration.caddyFault(site) == nil)
        #expect(try await ServerConfiguration.caddyFault(site + "}\n") != nil)
        #expect(try await ServerConfiguration.caddyFault(site.replacing("reverse_proxy", with: "reverse_prox")) != nil)
        let targets = "scrape_configs:\n  - job_name: a\n    static_configs:\n      - targets: ['a:1']\n"
        #expect(try await ServerConfiguration.prometheusFault(targets) == nil)
        #expect(try await ServerConfiguration.prometheusFault(targets.replacing("targets", with: "target")) != nil)
        #expect(ServerConfiguration.braceFault("a {\n}\n") == nil)
        #expect(ServerConfiguration.braceFault("a {\n") != nil)
    }

    @Test(arguments: documents)
    func linksLeadSomewhere(document: String) throws {
        let text = try String(contentsOfFile: Program.repository + "/" + document, encoding: .utf8)
        let folder = (document as NSString).deletingLastPathComponent
        for link in text.matches(of: /\]\(([^)\s]+)\)|src="([^"]+)"/) {
            let target = String(link.1 ?? link.2 ?? "")
            if target.contains("://") { continue }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let file = parts[0].isEmpty ? document : ((folder as NSString).appendingPathComponent(parts[0]))
            let path = URL(fileURLWithPath: Program.repository + "/" + file).standardized.path
            #expect(FileManager.default.fileExists(atPath: path), "\(document) → \(target)")
            guard parts.count == 2, let page = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            #expect(Self.anchors(of: page).contains(parts[1]), "\(document) → \(target)")
        }
    }

    /// The anchors that GitHub gives to the headings of a page.
    private static func anchors(of page: String) -> [String] {
        page.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
            let title = heading.drop { $0 == "#" }.dropFirst().lowercased()
            return String(
                title.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.map { $0 == " " ? "-" : $0 })
        }
    }
}
