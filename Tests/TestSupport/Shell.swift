import Foundation

/// A real interactive shell with the completions of this repository, on a terminal of its own.
public final class Shell: Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case bash, zsh, fish
    }

    /// If a shell is missing, the tests that need it are reported as skipped.
    public static let areInstalled = Kind.allCases.allSatisfy {
        FileManager.default.isExecutableFile(atPath: path($0))
    }

    private static let prompt = "ready> "
    private static let completions = Program.repository + "/completions"
    private let kind: Kind
    private let terminal: PseudoTerminal

    /// - Parameter folder: the working directory.
    public init(_ kind: Kind, environment: [String: String], folder: String) async throws {
        self.kind = kind
        let options =
            switch kind {
            case .bash: ["--norc", "--noprofile", "-i"]
            case .zsh: ["-f", "-i"]
            case .fish: ["--no-config", "-i", "-C", "function fish_prompt; printf '\(Self.prompt)'; end"]
            }
        terminal = try PseudoTerminal(
            "/usr/bin/env", ["-C", folder, Self.path(kind)] + options,
            environment: environment.merging(["PS1": Self.prompt]) { _, new in new }, rows: 100, columns: 400)
        let preparation =
            switch kind {
            case .bash:
                "bind 'set enable-bracketed-paste off'; source \(Self.completions)/libctl.bash; source \(Self.completions)/libraryd.bash"
            case .fish: "source \(Self.completions)/libctl.fish; source \(Self.completions)/libraryd.fish"
            case .zsh:
                """
                fpath=(\(Self.completions) $fpath); autoload -Uz compinit; compinit -D -u; bindkey -e; \
                zle -C all-matches complete-word _generic; bindkey '^Xa' all-matches; \
                zstyle ':completion:all-matches::::' completer _all_matches _complete; \
                zstyle ':completion:all-matches:*' insert true
                """
            }
        try await terminal.wait(for: Self.prompt)
        terminal.send(preparation + "\r")
        try await terminal.wait(for: Self.prompt)
    }

    private static func path(_ kind: Kind) -> String { "/usr/bin/\(kind.rawValue)" }

    /// The words that the shell offers for `typed`, without the shell's quotes.
    /// - Parameter typed: a command line without quotes.
    public func candidates(_ typed: String) async throws -> [String] {
        // The keys that insert all candidates. `printf` before the line then shows its words.
        let insert = [.bash: "\u{1B}*", .zsh: "\u{18}a"][kind]
        let program = typed.prefix { $0 != " " }
        let asked = #"\#(program) (complete -C '\#(typed)' | string replace -r '\t.*' '') end"#
        terminal.send(insert.map { typed + $0 + "\u{1}printf '<%s>' \u{5} end\r" } ?? "printf '<%s>' \(asked)\r")
        let shown = try await terminal.wait(for: "<end>")
        try await terminal.wait(for: Self.prompt)
        let words = try require(shown.components(separatedBy: "<\(program)>").last)
        let before = insert == nil ? 0 : typed.filter { $0 == " " }.count - 1
        return Array(words.split(separator: "<").map { String($0.prefix { $0 != ">" }) }.dropFirst(before).dropLast())
    }

    /// The words of the line after TAB has completed `typed`: each in `<>`, without the shell's quotes.
    public func words(_ typed: String) async throws -> String {
        terminal.send(typed + "\t\u{1}printf '<%s>' \u{5} end\r")
        let shown = try await terminal.wait(for: "<end>")
        try await terminal.wait(for: Self.prompt)
        let start = try require(shown.range(of: "<libctl>", options: .backwards))
        return String(shown[start.lowerBound...].dropLast("<end>".count))
    }

    /// The output of the shell after as many TABs as it needs to list candidates, up to the last of the texts. The
    /// shell cannot be used afterwards.
    public func listing(_ typed: String, upTo texts: [String]) async throws -> String {
        terminal.send(typed + (kind == .bash ? "\t\t" : "\t"))
        return try await terminal.wait(for: texts)
    }
}
