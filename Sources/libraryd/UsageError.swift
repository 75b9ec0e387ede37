import ArgumentParser
import Shared

/// Errors of the command line, in the form of all other errors.
enum UsageError {
    /// - Parameter error: what the argument parser threw.
    static func of(_ error: any Error, _ arguments: [String]) -> CommandError {
        if let failure = error as? CommandError { return failure }
        if let failure = unknownCommand(arguments) { return failure }
        let path = commandPath(arguments)
        let (reason, suggestion) = plain(Secrets.ofParser(Libraryd.message(for: error)))
        return CommandError(.usage, reason, hint: suggestion ?? "\(path.joined(separator: " ")) --help")
    }

    /// The error for a word in the place of a command that is none; `nil` if there is no such word.
    static func unknownCommand(_ arguments: [String]) -> CommandError? {
        var path = ["libraryd"]
        var known = Libraryd.configuration.subcommands
        for word in arguments.drop(while: { $0 == "help" }) {
            if known.isEmpty || word.hasPrefix("-") { break }
            guard let command = known.first(where: { $0._commandName == word }) else {
                return unknownCommand(word, behind: path, known.map { $0._commandName })
            }
            path.append(word)
            known = command.configuration.subcommands
        }
        return nil
    }

    /// The program and the commands that the arguments begin with.
    private static func commandPath(_ arguments: [String]) -> [String] {
        var path = ["libraryd"]
        var known = Libraryd.configuration.subcommands
        while let command = known.first(where: { arguments.dropFirst(path.count - 1).first == $0._commandName }) {
            path.append(command._commandName)
            known = command.configuration.subcommands
        }
        return path
    }

    private static func unknownCommand(_ word: String, behind path: [String], _ known: [String]) -> CommandError {
        // Not quoted: a word that resembles no command may be anything, such as a password.
        guard let closest = closest(to: word, among: known) else {
            return CommandError(.usage, "there is no such command", hint: "\(path.joined(separator: " ")) --help")
        }
        return CommandError(
            .usage, "there is no command \(Secrets.quoted((path.dropFirst() + [word]).joined(separator: " ")))",
            hint: "did you mean '\((path + [closest]).joined(separator: " "))'?")
    }

    /// The argument parser's message in the words of this program, and a hint if it has one.
    private static func plain(_ message: String) -> (reason: String, hint: String?) {
        if let option = message.firstMatch(of: /^Unknown option '([^']*)'(?:\. Did you mean '([^']*)'\?)?/) {
            return ("there is no option '\(option.output.1)'", option.output.2.map { "did you mean '\($0)'?" })
        }
        if let option = message.firstMatch(of: /^the value of '([^' ]*)[^']*' is not valid/) {
            return ("the value of \(option.output.1) is not valid", nil)
        }
        if let option = message.firstMatch(of: /^Missing value for '([^' ]*)/) {
            return ("\(option.output.1) needs a value", nil)
        }
        if let argument = message.firstMatch(of: /^Missing expected argument '<([^>]*)>'/) {
            return ("the \(argument.output.1) is missing", nil)
        }
        return (message.prefix(1).lowercased() + message.dropFirst(), nil)
    }
}
