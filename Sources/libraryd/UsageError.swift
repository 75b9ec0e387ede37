import ArgumentParser
import CommandHelp
import Shared

/// Errors of the command line, in the form of all other errors.
enum UsageError {
    /// - Parameter error: what the argument parser threw.
    static func of(_ error: any Error, _ arguments: [String]) -> CommandError {
        if let own = UsageMessage.own(error) { return own }
        if let failure = unknownCommand(arguments) { return failure }
        let path = path(arguments).path
        // Without a command, the options are those of `serve`.
        let command = path.words.count == 1 ? ServeCommand.self : path.command
        return UsageMessage(path, arguments: CommandArgument.all(of: command), typed: arguments)
            .error(for: Libraryd.message(for: error))
    }

    /// The error for a word in the place of a command that is none; `nil` if there is no such word.
    static func unknownCommand(_ arguments: [String]) -> CommandError? {
        let (path, word) = path(arguments)
        guard path.isGroup, let word else { return nil }
        let closest = closest(to: word, among: path.subcommands.map { $0._commandName })
        return path.unknown(word, meant: closest.map { path.words + [$0] })
    }

    /// The command that the arguments begin with, and the word behind it, unless that is an option.
    private static func path(_ arguments: [String]) -> (path: CommandPath, next: String?) {
        var path = CommandPath(root: Libraryd.self)
        for word in arguments.drop(while: { $0 == "help" }) {
            guard path.isGroup, !word.hasPrefix("-") else { break }
            guard path.descend(to: word) else { return (path, word) }
        }
        return (path, nil)
    }
}
