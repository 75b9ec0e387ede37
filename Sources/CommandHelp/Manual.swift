package import ArgumentParser
import Shared

/// The manual page of a program, in the macros of man(7), generated from the argument parser's description of the
/// commands.
package struct Manual {
    /// The parts of a page that the description of the commands lacks.
    package struct Page {
        package let version: String
        /// The section of the manual: 1 for commands of users, 5 for files, 8 for commands of administrators.
        package let section: Int
        package let overview: String
        /// Texts of the help that are not for the manual, the longest first.
        package let footers: [String]
        /// Sections behind the commands, whose text is shown as it is.
        package let sections: [(title: String, text: String)]
        package let related: [String]

        package init(
            version: String, section: Int, overview: String, footers: [String] = [],
            sections: [(title: String, text: String)], related: [String]
        ) {
            (self.version, self.section, self.overview, self.footers) = (version, section, overview, footers)
            (self.sections, self.related) = (sections, related)
        }
    }

    private struct Command {
        let words: [String]
        let abstract: String
        let discussion: String
        let arguments: [CommandArgument]
        let isLeaf: Bool
    }

    private let page: Page
    private var commands: [Command] = []
    private var text = ""

    private init(_ page: Page) {
        self.page = page
    }

    package static func text(of root: any ParsableCommand.Type, _ page: Page) throws -> String {
        var manual = Manual(page)
        let dump = try JSONValue(parsing: Array(root._dumpHelp().utf8))
        manual.read(dump["command"], after: [])
        manual.write(root._commandName)
        return manual.text
    }

    /// A page of a section that is not generated from commands.
    /// - Parameter keys: each with its description.
    package static func text(name: String, abstract: String, keys: [(String, String)], _ page: Page) -> String {
        var manual = Manual(page)
        manual.writeHead(name, abstract)
        manual.section("DESCRIPTION")
        manual.paragraphs(page.overview)
        manual.section("KEYS")
        for (name, text) in keys { manual.line(".TP\n\\fB\(escaped(name))\\fR\n" + escaped(text)) }
        manual.writeEnd()
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
                discussion: page.footers.reduce(value["discussion"]?.text ?? "") { $0.replacing($1, with: "") },
                arguments: arguments, isLeaf: subcommands.isEmpty))
        for subcommand in subcommands { read(subcommand, after: words) }
    }

    // MARK: Writing

    private mutating func write(_ program: String) {
        let leaves = commands.filter(\.isLeaf)
        let common =
            leaves.first?.arguments.filter { argument in leaves.allSatisfy { $0.arguments.contains(argument) } } ?? []
        writeHead(program, commands.first?.abstract ?? "")
        section("SYNOPSIS")
        line(".B \(program)\n.I COMMAND\n[\\fIOPTIONS\\fR]")
        section("DESCRIPTION")
        paragraphs(page.overview)
        section("COMMANDS")
        for command in leaves {
            line(".SS " + Self.escaped(command.words.joined(separator: " ")) + Self.synopsis(command))
            paragraphs(command.abstract)
            options(command.arguments.filter { !common.contains($0) })
            paragraphs(command.discussion)
        }
        if !common.isEmpty {
            section("OPTIONS OF EVERY COMMAND")
            options(common)
        }
        writeEnd()
    }

    private mutating func writeHead(_ name: String, _ abstract: String) {
        let kind = [1: "User Commands", 5: "File Formats Manual", 8: "System Administration"][page.section] ?? ""
        line(".TH \(name.uppercased()) \(page.section) \"\" \"\(name) \(page.version)\" \"\(kind)\"")
        section("NAME")
        line("\(name) \\- \(Self.escaped(abstract))")
    }

    private mutating func writeEnd() {
        for (title, text) in page.sections {
            section(title)
            verbatim(text)
        }
        section("SEE ALSO")
        line(page.related.map { ".BR " + $0.replacing("(", with: " (") }.joined(separator: ",\n"))
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
