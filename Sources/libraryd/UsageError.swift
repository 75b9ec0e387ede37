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
        return UsageMessage(
            path, arguments: CommandArgument.all(of: command), typed: arguments,
            forms: [
                "--timeout": (time, "5s"), "--expires": (time, "90d"), "--since": ("a time span or a time", "24h"),
            ],
            passwordHint: "use --password-stdin or --password-file FILE, or let libraryd ask for it"
        )
        .error(for: Libraryd.message(for: error))
    }

    private static let time = "a whole number and a unit: s, m, h or d"

    /// Words that other programs use, and the words of the command here, by the words before them.
    private static let synonyms: [String: [String: [String]]] = [
        "libraryd": [
            "start": ["serve"], "run": ["serve"], "daemon": ["serve"], "up": ["serve"], "dump": ["backup"],
            "export": ["backup"], "save": ["backup"], "copy": ["backup"], "load": ["restore"], "verify": ["check"],
            "fsck": ["check"], "import": ["import-flask"], "version": ["--version"], "log": ["audit"],
            "logs": ["audit"],
            "adduser": ["user", "add"],
            "useradd": ["user", "add"], "passwd": ["user", "passwd"], "password": ["user", "passwd"],
        ],
        "libraryd user": [
            "ls": ["list"], "create": ["add"], "new": ["add"], "register": ["add"], "rm": ["delete"],
            "remove": ["delete"], "del": ["delete"], "password": ["passwd"], "block": ["disable"], "ban": ["disable"],
            "lock": ["disable"], "unblock": ["enable"], "unlock": ["enable"], "admin": ["promote"],
        ],
        "libraryd user key": [
            "ls": ["list"], "create": ["add"], "new": ["add"], "delete": ["rm"], "remove": ["rm"], "revoke": ["rm"],
        ],
        "libraryd key": ["change": ["rotate"], "new": ["rotate"], "renew": ["rotate"]],
    ]

    /// The error for a word in the place of a command that is none; `nil` if there is no such word.
    static func unknownCommand(_ arguments: [String]) -> CommandError? {
        let (path, word) = path(arguments)
        guard path.isGroup, let word else { return nil }
        if path.words.count == 1, word == "status" { return path.unknown(word, meant: ["libctl", "status"]) }
        let closest = closest(to: word, among: path.subcommands.map { $0._commandName }).map { [$0] }
        return path.unknown(word, meant: (synonyms[path.title]?[word] ?? closest).map { path.words + $0 })
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
