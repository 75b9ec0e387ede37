import ArgumentParser
import Shared

/// The manual page, in the macros of man(7), generated from the argument parser's description of the commands.
struct Manual {
    private struct Command {
        let words: [String]
        let abstract: String
        let discussion: String
        let arguments: [Argument]
        let isLeaf: Bool
    }

    private struct Argument: Equatable {
        let isPositional: Bool
        let isOptional: Bool
        let isRepeating: Bool
        /// With their dashes.
        let names: [String]
        let value: String?
        let abstract: String
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
        let arguments = (value["arguments"]?.elements ?? []).filter { $0["shouldDisplay"] != .bool(false) }
        commands.append(
            Command(
                words: words, abstract: value["abstract"]?.text ?? "", discussion: value["discussion"]?.text ?? "",
                arguments: arguments.map(Self.argument), isLeaf: subcommands.isEmpty))
        for subcommand in subcommands { read(subcommand, after: words) }
    }

    private static func argument(_ value: JSONValue) -> Argument {
        let names = (value["names"]?.elements ?? []).map { name in
            (name["kind"]?.text == "long" ? "--" : "-") + (name["name"]?.text ?? "")
        }
        let kind = value["kind"]?.text
        return Argument(
            isPositional: kind == "positional", isOptional: value["isOptional"] == .bool(true),
            isRepeating: value["isRepeating"] == .bool(true), names: names,
            value: kind == "flag" ? nil : value["valueName"]?.text, abstract: value["abstract"]?.text ?? "")
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
        command.arguments.filter(\.isPositional).map { argument in
            let word = (argument.value ?? "").uppercased() + (argument.isRepeating ? "..." : "")
            return " " + escaped(argument.isOptional ? "[\(word)]" : word)
        }.joined()
    }

    private mutating func options(_ arguments: [Argument]) {
        for argument in arguments {
            let value = argument.value.map { "\\fI\(Self.escaped($0.uppercased()))\\fR" }
            let names = argument.names.map { "\\fB\(Self.escaped($0))\\fR" }.joined(separator: ", ")
            line(".TP\n" + (argument.isPositional ? value ?? "" : names + (value.map { " " + $0 } ?? "")))
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

extension JSONValue {
    fileprivate subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    fileprivate var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    fileprivate var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }
}
