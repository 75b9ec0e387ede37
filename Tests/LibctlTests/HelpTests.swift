import ArgumentParser
import CommandHelp
import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Every command and argument has a description.
@Suite struct HelpTests {
    static func commands(_ type: any ParsableCommand.Type = Libctl.self, path: [String] = []) -> [(
        [String], any ParsableCommand.Type
    )] {
        [(path, type)] + type.configuration.subcommands.flatMap { commands($0, path: path + [$0._commandName]) }
    }

    @Test func everyCommandHasAnAbstractAndHelp() async throws {
        let ctl = Ctl(try await TestLibrary())
        let commands = Self.commands()
        #expect(commands.count == 44)
        for (path, type) in commands {
            #expect(!type.configuration.abstract.isEmpty, "\(path)")
            let help = try await ctl.run(path + ["--help"], input: [])
            #expect(help.code == 0)
            #expect(help.error == "")
            #expect(help.output.hasPrefix("OVERVIEW: \(type.configuration.abstract)"))
            #expect(HelpText.silentArguments(help.output).isEmpty, "\(path)")
            #expect(HelpText.repeatedDefaults(help.output).isEmpty, "\(path)")
            // The argument parser breaks lines at 80 columns, in examples too, which then cannot be copied.
            #expect(HelpText.brokenLines(type.configuration.discussion).isEmpty, "\(path)")
            guard type.configuration.subcommands.isEmpty else { continue }
            #expect(help.output.contains("libctl help options"), "\(path)")
            #expect(!help.output.contains("--verbose"), "\(path)")
        }
    }

    @Test func theOptionsOfEveryCommandAreInOneTopic() async throws {
        let text = try await Ctl(try await TestLibrary()).line("help options").output
        let common = CommandArgument.all(of: Usage.RootOptions.self).flatMap(\.names)
        #expect(common.contains("--server") && common.contains("-o"))
        for name in common { #expect(text.contains(name)) }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        for (path, type) in Self.commands() where type.configuration.subcommands.isEmpty {
            let known = Set(CommandArgument.all(of: type).flatMap(\.names))
            #expect(known.isSuperset(of: Set(common).subtracting(["--version"])), "\(path)")
        }
    }

    @Test func whatIsWrongWithAPageWouldBeFound() {
        #expect(HelpText.repeatedDefaults("  --x  Why. (default: 5s)\n (default: 5s)\n") == ["(default: 5s)"])
        #expect(HelpText.brokenLines("One\ntwo.\n\nThree.") == ["One"])
        #expect(HelpText.brokenLines(String(repeating: "x ", count: 60) + "\n\n  y").isEmpty)
        #expect(HelpText.brokenLines("  " + String(repeating: "x", count: 80)).count == 1)
    }

    @Test func aSilentArgumentWouldBeFound() {
        #expect(HelpText.silentArguments("OPTIONS:\n  --x <x>\n  --y         Why.\n") == ["  --x <x>"])
    }

    @Test(arguments: [["--version"], ["--help"], ["help", "authors", "add"], ["help"], ["authors"]])
    func isNotAnError(arguments: [String]) async throws {
        let result = try await Ctl(try await TestLibrary()).run(arguments, input: [])
        #expect(result.code == 0)
        #expect(!result.output.isEmpty)
        #expect(result.error == "")
    }

    /// Each example in the help is a valid command line.
    @Test func everyExampleIsUnderstood() async throws {
        var seen = 0
        for (path, type) in Self.commands() where type.configuration.subcommands.isEmpty {
            let lines = type.configuration.discussion.replacing("\\\n", with: "").split(separator: "\n")
                .filter { $0.hasPrefix("  libctl ") }
            #expect(!lines.isEmpty, "\(path)")
            for line in lines {
                let commands = try Self.commands(in: String(line)).filter { $0.first == "libctl" }.map { words in
                    try Libctl.parseAsRoot(GlobalOptions.moveBehindCommand(Array(words.dropFirst())))
                }
                #expect(commands.contains { Swift.type(of: $0) == type }, "\(line)")
                seen += 1
            }
        }
        #expect(seen > 60)
    }

    /// Splits a line into commands and their words, as a shell does. Files after a redirection are left out.
    private static func commands(in line: String) -> [[String]] {
        var commands: [[String]] = [[]]
        var word: String?
        var isQuoted = false
        var isRedirected = false
        func end() {
            if let word, !isRedirected { commands[commands.count - 1].append(word) }
            if word != nil { isRedirected = false }
            word = nil
        }
        for character in line {
            switch character {
            case "'": (isQuoted, word) = (!isQuoted, word ?? "")
            case _ where isQuoted: word = (word ?? "") + String(character)
            case " ": end()
            case "<", ">": isRedirected = true
            case "|", "&":
                end()
                commands.append([])
            default: word = (word ?? "") + String(character)
            }
        }
        end()
        return commands
    }

    @Test(arguments: HelpTopic.allCases)
    func everyTopicIsTold(topic: HelpTopic) async throws {
        let ctl = Ctl(try await TestLibrary())
        let result = try await ctl.line("help \(topic.rawValue)")
        #expect(result.code == 0)
        #expect(result.output == topic.text + "\n")
        #expect(try await ctl.line("--help").output.contains("\(topic.rawValue): \(topic.abstract)"))
        #expect(topic.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func everyExitCodeIsExplained() async throws {
        let text = try await Ctl(try await TestLibrary()).line("help exit-codes").output
        for status in Shared.ExitStatus.allCases { #expect(text.contains("\(status.rawValue) ")) }
        let page = try String(contentsOfFile: Program.repository + "/docs/scripting.md", encoding: .utf8)
        for status in Shared.ExitStatus.allCases { #expect(page.contains("\n| \(status.rawValue) | "), "\(status)") }
    }

    @Test(
        arguments: [
            ("authers list", "there is no command 'authers'", "did you mean 'libctl authors'?"),
            ("authors lst", "there is no command 'authors lst'", "did you mean 'libctl authors list'?"),
            ("-q authors lst", "there is no command 'authors lst'", "did you mean 'libctl authors list'?"),
            ("frobnicate", "there is no such command", "libctl --help"),
            ("authors frobnicate", "there is no such command", "libctl authors --help"),
            (
                "authors list --contry x", "there is no option --contry", "did you mean --country?"
            ),
            ("help authers", "there is no command 'help authers'", "did you mean 'libctl help authors'?"),
            ("help enviroment", "there is no command 'help enviroment'", "did you mean 'libctl help environment'?"),
            ("help frobnicate", "there is no such command", "libctl --help"),
            ("help authors lst", "there is no command 'help authors lst'", "did you mean 'libctl help authors list'?"),
            ("help authors list x", "there is no such command", "libctl authors list --help"),
            ("authors list x", "there is one argument too many", "libctl authors list --search WORDS"),
            ("whoami x", "there is one argument too many", "libctl whoami --help"),
        ])
    func whatWasMeantIsSaid(line: String, why: String, hint: String) async throws {
        let result = try await Ctl(try await TestLibrary()).line(line)
        #expect(result.code == 64)
        #expect(result.error == "libctl: usage: \(why)\n  hint: \(hint)\n")
    }

    @Test func theManualIsCurrentAndReadable() async throws {
        let path = Program.repository + "/packaging/libctl.1"
        let page = try String(contentsOfFile: path, encoding: .utf8)
        #expect(page == (try ManualPage.text()) + "\n", "run: make completions")
        let shown = try await Program.run("/usr/bin/groff", ["-man", "-Tutf8", "-ww", "-rLL=100n", path])
        #expect(shown.code == 0)
        #expect(shown.error == "")
        for (path, type) in Self.commands() where type.configuration.subcommands.isEmpty {
            #expect(page.contains(".SS libctl " + path.joined(separator: " ")), "\(path)")
        }
        for topic in HelpTopic.allCases where topic != .options {
            #expect(page.contains(topic.text.split(separator: "\n")[0].prefix(12)))
        }
    }

    @Test func theListOfErrorsIsCurrent() throws {
        let page = try String(contentsOfFile: Program.repository + "/docs/errors.md", encoding: .utf8)
        #expect(page == ErrorList.page() + "\n", "run: make completions")
        for code in ErrorCode.allCases {
            #expect(page.contains("| `\(code.rawValue)` | \(code.status) |"))
            // A status without a title of its own would have the title of status 500.
            #expect((code.title == "Internal Server Error") == (code.status == 500), "\(code)")
        }
    }

    /// Without an option, a field could not be set or searched from the command line.
    @Test(arguments: AuthorField.writable)
    func everyFieldHasAnOption(field: AuthorField) throws {
        let name = "--" + field.name.replacing("_", with: "-")
        let options = try AuthorOptions.parse(field.kind == .flag ? [name] : [name, "X"])
        #expect(options.values.has(field))
    }
}
