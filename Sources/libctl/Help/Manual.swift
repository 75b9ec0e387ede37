import ArgumentParser
import CommandHelp
import Shared

/// The manual page, in the macros of man(7), generated from the argument parser's description of the commands.
struct Manual {
    private struct Command {
        let words: [String]
        let abstract: String
        let discussion: String
        let arguments: [CommandArgument]
        let isLeaf: Bool
    }

    private var commands: [Command] = []
    private var text = ""

    static func page() throws -> String {
        var manual = Manual()
        let dump = try JSONValue(parsing: Array(Libctl._dumpHelp().utf8))
        manual.read(dump["command"], after: [])
        manual.write()
        return manual.text
    }

    // MARK: Reading

    private mutating func read(_ value: JSONValue?, after words: [String]) {
        guard let value, value["shouldDisplay"] != .bool(false), let name = value["commandName"]?.text, name != "help"
        else { return }
        let words = words + [name]
        let subcommands = value["subcommands"]?.elements ?? []
        let arguments = (value["arguments"]?.elements ?? []).map(CommandArgument.init)
        commands.append(
            Command(
                words: words, abstract: value["abstract"]?.text ?? "",
                discussion: Self.withoutFooter(value["discussion"]?.text ?? ""),
                arguments: arguments, isLeaf: subcommands.isEmpty))
        for subcommand in subcommands { read(subcommand, after: words) }
    }

    private static func withoutFooter(_ discussion: String) -> String {
        discussion.replacing(CommandConfiguration.recordFooter, with: "")
            .replacing(CommandConfiguration.footer, with: "")
    }

    // MARK: Writing

    private mutating func write() {
        let leaves = commands.filter(\.isLeaf)
        let common =
            leaves.first?.arguments.filter { argument in leaves.allSatisfy { $0.arguments.contains(argument) } } ?? []
        line(".TH LIBCTL 1 \"\" \"libctl \(Libctl.version)\" \"User Commands\"")
        section("NAME")
        line("libctl \\- \(Self.escaped(commands.first?.abstract ?? ""))")
        section("SYNOPSIS")
        line(".B libctl\n.I COMMAND\n[\\fIOPTIONS\\fR]")
        section("DESCRIPTION")
        paragraphs(Libctl.overview)
        section("COMMANDS")
        for command in leaves {
            line(".SS " + Self.escaped(command.words.joined(separator: " ")) + Self.synopsis(command))
            paragraphs(command.abstract)
            options(command.arguments.filter { !common.contains($0) })
            paragraphs(command.discussion)
        }
        section("OPTIONS OF EVERY COMMAND")
        options(common)
        for (title, topic) in [
            ("OUTPUT", HelpTopic.output), ("ENVIRONMENT", .environment), ("EXIT STATUS", .exitCodes),
        ] {
            section(title)
            verbatim(topic.text)
        }
        section("SEE ALSO")
        line(".BR curl (1),\n.BR jq (1)")
    }

    private static func synopsis(_ command: Command) -> String {
        command.arguments.filter { $0.kind == .positional }.map { argument in
            let word = argument.value.uppercased() + (argument.isRepeating ? "..." : "")
            return " " + escaped(argument.isOptional ? "[\(word)]" : word)
        }.joined()
    }

    private mutating func options(_ arguments: [CommandArgument]) {
        for argument in arguments {
            let value = argument.kind == .flag ? "" : " \\fI\(Self.escaped(argument.value.uppercased()))\\fR"
            let names = argument.names.map { "\\fB\(Self.escaped($0))\\fR" }.joined(separator: ", ")
            line(".TP\n" + (names.isEmpty ? String(value.dropFirst()) : names + value))
            line(Self.escaped(argument.abstract))
        }
    }

    /// Writes paragraphs of prose, and indented lines verbatim.
    private mutating func paragraphs(_ text: String) {
        for paragraph in text.split(separator: "\n\n") {
            let lines = paragraph.split(separator: "\n").map(String.init)
            let prose = lines.prefix { !$0.hasPrefix(" ") }
            line(".PP")
            for text in prose { line(Self.escaped(text)) }
            let rest = lines.dropFirst(prose.count)
            if !rest.isEmpty { verbatim(rest.joined(separator: "\n")) }
        }
    }

    private mutating func verbatim(_ text: String) {
        line(".PP\n.nf")
        for text in text.split(separator: "\n", omittingEmptySubsequences: false) { line(Self.escaped(String(text))) }
        line(".fi")
    }

    private mutating func section(_ title: String) {
        line(".SH \(title)")
    }

    private mutating func line(_ text: String) {
        self.text += text + "\n"
    }

    /// Escapes backslashes, hyphens (else typographic) and a line that begins like a macro (groff_char(7)).
    private static func escaped(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("…", with: "...")
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
}
