import Foundation
import TestSupport
import Testing

/// The scripts in completions/ in real shells, with TAB pressed on a real terminal.
@Suite(.serialized, .enabled(if: Shell.areInstalled, "zsh or fish is missing: scripts/deps zsh fish"))
struct CompletionTests {
    private let home = TemporaryFolder()
    private let folder = TemporaryFolder()

    private func start(_ kind: Shell.Kind, _ address: String) async throws -> Shell {
        // A long timeout, since other tests may keep the machine busy.
        let environment = [
            "HOME": home.path, "LIBCTL_SERVER": address, "LIBCTL_COMPLETION_MS": "30000",
            "LIBRARYD_COMPLETION_MS": "30000",
        ]
        return try await Shell(kind, environment: environment, folder: folder.path)
    }

    private static let nowhere = "http://127.0.0.1:1"

    private static let examples: [(typed: String, expected: [String])] = [
        ("libctl ", ["register", "login", "authors", "users"]), ("libctl auth", ["authors"]),
        ("libctl authors ", ["list", "show", "add", "edit", "rm", "import", "export"]),
        ("libctl sessions r", ["revoke"]), ("libctl --json users pro", ["promote"]),
        ("libctl authors list --se", ["--search", "--server"]), ("libctl authors import --dr", ["--dry-run"]),
        ("libctl whoami -o ", ["table", "tsv", "csv", "json", "ndjson", "id"]),
        ("libctl whoami --output js", ["json"]), ("libctl -o n", ["ndjson"]),
        ("libctl authors list --color ", ["auto", "always", "never"]),
        ("libctl authors list --sort na", ["name", "name:desc"]),
        ("libctl authors list --sort created_at:", ["created_at:desc"]),
        ("libctl authors list --fields ", ["id", "name", "booker_prize"]),
        ("libctl users list --fields ", ["public_id", "disabled"]),
        ("libctl authors import --fields ", ["line", "existing_id"]),
        ("libctl authors import --on-conflict ", ["fail", "skip", "update"]),
        ("libctl authors import --file-format ", ["csv", "ndjson"]),
        ("libctl help ", ["authors", "login", "environment", "exit-codes", "options", "output"]),
        ("libctl help authors li", ["list"]), ("libctl config set color ", ["auto", "always", "never"]),
        ("libctl config get co", ["color"]),
        ("libctl authors list --booker-prize -", ["--search", "--sort", "--output"]),
        ("libctl authors list ", ["--search", "--limit"]), ("libctl api ", ["GET", "DELETE", "HEAD"]),
        ("libctl whoami --output=j", ["--output=json"]), ("libctl authors list --sort=name:", ["--sort=name:desc"]),
        ("libctl authors list --fields=id,na", ["--fields=id,name"]), ("libctl --color=n", ["--color=never"]),
    ]

    private static let daemonExamples: [(typed: String, expected: [String])] = [
        ("libraryd ", ["serve", "user", "backup", "help"]), ("libraryd user pro", ["promote"]),
        ("libraryd serve --log-level ", ["trace", "info", "critical"]), ("libraryd --log-format ", ["text", "json"]),
        ("libraryd help key ", ["rotate"]), ("libraryd serve --tls", ["--tls-certificate", "--tls-key"]),
    ]

    @Test(arguments: Shell.Kind.allCases)
    func wordsThatNeverChange(kind: Shell.Kind) async throws {
        let shell = try await start(kind, Self.nowhere)
        for (typed, expected) in Self.examples + Self.daemonExamples {
            // The shell may offer more words than these, but only words that begin with the typed one.
            let found = try await shell.candidates(typed)
            #expect(Set(found).isSuperset(of: expected), "\(typed): \(found)")
            let last = typed.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
            #expect(found.filter { !$0.hasPrefix(last) } == [], "\(typed)")
        }
        #expect(try await shell.candidates("libctl ").filter { $0.hasPrefix("-") } == [])
    }

    @Test(arguments: Shell.Kind.allCases)
    func wordsThatTheDaemonKnows(kind: Shell.Kind) async throws {
        let daemon = try await Daemon()
        for user in ["bob", "ada"] { try await daemon.login(user, home: home) }
        let names = ["Hilary Mantel", "Bernardine Evaristo", "Anne Enright"]
        for name in names {
            _ = try await daemon.libctl("authors", "add", "--name", name, "--book", "B/C", "--country", "C", home: home)
        }
        let sessions = try await daemon.libctl("sessions", "list", "-o", "id", home: home).output
        let shell = try await start(kind, daemon.address)
        let elsewhere = try await start(kind, Self.nowhere)

        for command in ["show", "edit", "rm"] {
            #expect(try await shell.candidates("libctl authors \(command) ").sorted() == ["1", "2", "3"])
        }
        #expect(try await shell.candidates("libctl authors rm --yes 2") == ["2"])
        #expect(try await shell.candidates("libctl authors rm 3 1 ") == ["2"])
        #expect(
            try await shell.candidates("libctl sessions revoke ").sorted()
                == sessions.split(separator: "\n").map(String.init).sorted())
        for typed in ["libctl --user ", "libctl authors list --user "] {
            #expect(try await shell.candidates(typed).sorted() == ["ada", "bob"])
            // The users come from the credentials file, which has no login at that server.
            #expect(try await elsewhere.candidates(typed) == [])
        }
        // Options that name another user and another server.
        #expect(try await shell.candidates("libctl --user bob authors show ") == [])
        #expect(try await shell.candidates("libctl authors show --server \(Self.nowhere) ") == [])
        for option in ["--server ", "--server="] {
            let typed = "libctl \(option)\(daemon.address) authors show "
            #expect(try await elsewhere.candidates(typed).sorted() == ["1", "2", "3"], "\(typed)")
        }

        #expect(try await shell.candidates("libctl users disable ") == [])
        let promoted = try await Program.run(
            Program.path("libraryd"), ["user", "promote", "ada", "--data", daemon.data])
        #expect(promoted.code == 0)
        for command in ["promote", "demote", "disable", "enable", "rm"] {
            #expect(try await shell.candidates("libctl users \(command) ").sorted() == ["ada", "bob"])
        }
        let users = "libraryd user promote --data \(daemon.data) "
        #expect(try await shell.candidates(users).sorted() == ["ada", "bob"])
        #expect(try await shell.candidates(users + "b") == ["bob"])
        #expect(try await shell.candidates("libraryd user promote --data \(folder.path) ") == [])

        let texts = names.map { $0 + ", B/C" } + ["1", "2", "3"]
        let listing = try await shell.listing("libctl authors show ", upTo: texts)
        // bash would insert the texts, so its script offers them only when bash lists candidates and inserts nothing.
        #expect(listing.contains(kind == .zsh ? "2  -- Bern" : "2  (Bern"))
    }

    /// Names of countries have spaces and apostrophes, which each shell escapes in its own way.
    @Test(arguments: Shell.Kind.allCases)
    func countriesAreOneWord(kind: Shell.Kind) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        for (book, country) in ["United Kingdom", "Côte d'Ivoire", "$(touch pwned)", "X; touch pwned"].enumerated() {
            _ = try await daemon.libctl(
                "authors", "add", "--name", "A", "--book", "\(book)", "--country", country, home: home)
        }
        let shell = try await start(kind, daemon.address)
        for option in ["--country ", "--country="] {
            let typed = "libctl authors list \(option)"
            for (start, country) in [("U", "United Kingdom"), ("C", "Côte d'Ivoire"), ("'Uni", "United Kingdom")] {
                if start.hasPrefix("'"), option.hasSuffix("=") { continue }
                let expected = option.hasSuffix("=") ? "<--country=\(country)>" : "<--country><\(country)>"
                let words = try await shell.words(typed + start)
                #expect(words == "<libctl><authors><list>" + expected)
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    private static let hostile = [
        "$(touch pwned)", "`touch pwned`", "a; touch pwned", "'; touch pwned; '", #""; touch pwned; ""#,
        "' $(touch pwned) '", "a\u{202E}b\u{200B}", "%F{red}%x %{x%}", #"\$(touch pwned) \n \e[31m"#,
        "${x:=$(touch pwned)}", "<(touch pwned)", "* ~ {a,b} ?", "-rf", "a:b:c", "漢字 é 📚",
        String(repeating: "long ", count: 39), "#", "!!", "=(touch pwned)", ">pwned",
    ]

    /// Text from the server never controls the terminal or the shell.
    @Test(arguments: Shell.Kind.allCases)
    func namesStayNames(kind: Shell.Kind) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let lines = Self.hostile.map { name in
            let text = name.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#)
            return #"{"name":"\#(text)","book":"B","country":"C"}"#
        }
        let added = try await daemon.libctl(
            "authors", "add", "-f", "-", home: home, input: lines.joined(separator: "\n"))
        #expect(added.code == 0, "\(added.error)")
        let shell = try await start(kind, daemon.address)
        let found = try await shell.candidates("libctl authors show ")
        #expect(found.sorted() == (1...Self.hostile.count).map(String.init).sorted())

        let shown = Self.hostile.filter { $0.utf8.count < 38 && !$0.contains("\u{202E}") }.map { $0 + ", B" }
        let harmless = [#"a\u{202E}b\u{200B}, B"#, "\(String(repeating: "long ", count: 7))long…"]
        #expect(shown.count == Self.hostile.count - harmless.count)
        let listing = try await shell.listing("libctl authors show ", upTo: shown + harmless)
        #expect(!listing.unicodeScalars.contains("\u{202E}"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    /// Every shell quotes the name of a file, and completes file names only where the command takes a file.
    @Test(arguments: Shell.Kind.allCases)
    func filesAndWordsAreTwoThings(kind: Shell.Kind) async throws {
        try Data().write(to: URL(fileURLWithPath: folder.path + "/my $(touch pwned) 'file'.csv"))
        for name in ["authors", "fail"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: false)
        }
        let shell = try await start(kind, Self.nowhere)
        for (typed, expected) in [
            ("libctl auth", "<libctl><authors>"), ("libctl authors import my", "<my $(touch pwned) 'file'.csv>"),
            ("libctl authors import --on-conflict fa", "<fail>"),
            ("libctl authors import x --rejects=my", "<--rejects=my $(touch pwned) 'file'.csv>"),
            ("libctl authors list --fields id,na", "<id,name>"),
            ("libctl users list --fields public_id,name,di", "<public_id,name,disabled>"),
        ] {
            let words = try await shell.words(typed)
            #expect(words.hasSuffix(expected), "\(words)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/pwned"))
    }

    /// No completion function of bash inserts the name of an author, which Enter would run.
    @Test(arguments: ["complete", "menu-complete", "insert-completions", "possible-completions"])
    func bashPutsOnlyIdsOnTheLine(function: String) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        for book in ["A", "B"] {
            _ = try await daemon.libctl(
                "authors", "add", "--name", "$(touch pwned)", "--book", book, "--country", "C", home: home)
        }
        let terminal = try PseudoTerminal(
            "/usr/bin/env", ["-C", folder.path, "/bin/bash", "--norc", "--noprofile", "-i"],
            environment: [
                "HOME": home.path, "LIBCTL_SERVER": daemon.address, "LIBCTL_COMPLETION_MS": "30000", "PS1": "ready> ",
            ])
        try await terminal.wait(for: "ready> ")
        terminal.send(
            "source \(Program.repository)/completions/libctl.bash; bind 'set show-all-if-ambiguous on' '\"\\C-t\": \(function)'\r"
        )
        try await terminal.wait(for: "ready> ")
        terminal.send("libctl authors show \u{14}\u{14}\u{14}\u{1}printf '<%s>' \u{5} end\r")
        let shown = try await terminal.wait(for: "<end>")
        let words = try #require(shown.components(separatedBy: "<libctl>").last)
        let inserted = words.dropFirst("<authors><show>".count).dropLast("<end>".count)
        #expect(["", "<1>", "<2>", "<1><2>"].contains(inserted), "\(inserted)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }
}
