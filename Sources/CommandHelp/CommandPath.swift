package import ArgumentParser
package import Shared

/// The command that the first words of a command line name.
package struct CommandPath {
    /// With the name of the program, such as `libctl`, `authors`, `list`.
    package private(set) var words: [String]
    package private(set) var command: any ParsableCommand.Type

    package init(root: any ParsableCommand.Type) {
        words = [root._commandName]
        command = root
    }

    package var title: String { words.joined(separator: " ") }

    package var subcommands: [any ParsableCommand.Type] {
        command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    }

    package var isGroup: Bool { !command.configuration.subcommands.isEmpty }

    /// Goes on to the subcommand of that name; `false` if there is none.
    package mutating func descend(to word: String) -> Bool {
        guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else {
            return false
        }
        words.append(word)
        command = next
        return true
    }

    /// The error for a word that names no subcommand.
    /// - Parameters:
    ///   - asked: the words before the command, `help` for the help of a command.
    ///   - meant: the command line that was probably meant. Without one the word is not quoted: it may be anything,
    ///     such as a password.
    package func unknown(_ word: String, asked: [String] = [], meant: [String]?) -> CommandError {
        guard let meant else { return CommandError(.usage, "there is no such command", hint: "\(title) --help") }
        let command = Secrets.quoted((asked + words.dropFirst() + [word]).joined(separator: " "))
        return CommandError(
            .usage, "there is no command \(command)", hint: "did you mean '\(meant.joined(separator: " "))'?")
    }
}
