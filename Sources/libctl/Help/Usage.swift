import ArgumentParser
import CommandHelp
import Shared

/// Usage errors: what is wrong with the words of a command line, and what was probably meant.
enum Usage {
    /// What the options accept that have no fixed set of values, and an example of each.
    private static let forms: [String: UsageMessage.Form] = {
        let number = "a whole number from 1"
        let time = "a whole number and a unit: s, m, h or d"
        let orders = AuthorField.sortable.map(\.name).joined(separator: ", ")
        return [
            "--limit": (number, "10"), "--count": (number, "10"), "--if-version": (number, "3"),
            "--wait": (time, "10s"), "--timeout": (time, "10s"), "--min-ttl": (time, "5m"),
            "--expires": (time, "90d"),
            "--sort": ("one of \(orders), alone or with :desc, a text with :bytes", "name:desc"),
        ]
    }()

    /// What to enter instead, for commands with an argument too many.
    private static let usages = [
        "authors add": "authors add --name NAME --book BOOK --country COUNTRY",
        "authors list": "authors list --search WORDS", "authors stats": "authors stats --search WORDS",
        "authors edit": "authors edit ID --name NAME --book BOOK --country COUNTRY",
        "login": "login NAME", "register": "register NAME", "config get": "config get KEY",
        "config set": "config set KEY 'VALUE'", "config unset": "config unset KEY",
    ]

    /// Words that other programs use for what a command here does.
    private static let synonyms: [String: [String]] = [
        "ls": ["list"], "find": ["list"], "search": ["list"], "all": ["list"], "get": ["show", "list"],
        "view": ["show", "list"], "cat": ["show"], "new": ["add"], "create": ["add"], "insert": ["add"],
        "put": ["set", "edit"], "update": ["edit"], "change": ["edit", "set"], "modify": ["edit"], "patch": ["edit"],
        "delete": ["rm", "revoke", "unset"], "remove": ["rm", "revoke", "unset"], "del": ["rm", "revoke", "unset"],
        "rm": ["revoke", "unset"], "end": ["revoke"], "kill": ["revoke"], "revoke": ["rm"], "clear": ["unset"],
        "load": ["import"],
        "dump": ["export"], "follow": ["watch"], "tail": ["watch"], "count": ["stats"], "block": ["disable"],
        "ban": ["disable"], "unblock": ["enable"], "deregister": ["unregister"], "signup": ["register"],
        "sign-up": ["register"],
        "signin": ["login"], "sign-in": ["login"], "signout": ["logout"], "sign-out": ["logout"],
        "password": ["passwd"], "me": ["whoami"], "who": ["whoami"], "ping": ["status"], "health": ["status"],
        "request": ["api"], "curl": ["api"], "author": ["authors"], "key": ["keys"], "tokens": ["keys"],
        "session": ["sessions"], "auth": ["sessions"],
        "logins": ["sessions"],
        "user": ["users"], "settings": ["config"],
    ]

    /// Commands of two words that other programs have, and the commands here.
    private static let pairs = [
        "auth login": "libctl login", "auth logout": "libctl logout", "auth token": "libctl token",
        "auth status": "libctl sessions kept", "auth list": "libctl sessions kept", "users add": "libctl register",
        "users create": "libctl register", "users new": "libctl register", "users passwd": "libraryd user passwd",
        "users password": "libraryd user passwd", "auth delete": "libctl unregister",
        "account delete": "libctl unregister",
    ]

    /// The error for arguments that the argument parser has refused.
    static func error(_ error: any Error, _ arguments: [String]) -> CommandError {
        if let own = UsageMessage.own(error) { return own }
        var path = CommandPath(root: Libctl.self)
        let typed = GlobalOptions.moveBehindCommand(arguments)
        for (word, next) in zip(typed, typed.dropFirst() + [""]) {
            if !path.isGroup || word.hasPrefix("-") { break }
            guard path.descend(to: word) else { return unknownCommand(word, path, next: next) }
        }
        let known = path.isGroup ? CommandArgument.all(of: RootOptions.self) : CommandArgument.all(of: path.command)
        return UsageMessage(
            path, arguments: known, typed: typed, forms: forms, usages: usages,
            passwordHint: "use --password-stdin or --password-file FILE, or let libctl ask for it"
        )
        .error(for: Libctl.message(for: error))
    }

    /// The error for a word that is no command behind the words of `path`.
    /// - Parameters:
    ///   - next: the word behind it.
    ///   - asked: the words before the command, `help` for the help of a command.
    static func unknownCommand(
        _ word: String, _ path: CommandPath, next: String = "", asked: [String] = []
    ) -> CommandError {
        let isRoot = path.words.count == 1
        let names =
            path.subcommands.map { $0._commandName }
            + (asked.isEmpty || !isRoot ? [] : HelpTopic.allCases.map(\.rawValue))
        let before = [path.words[0]] + asked + path.words.dropFirst()
        func error(_ words: [String]?) -> CommandError { path.unknown(word, asked: asked, meant: words) }
        let meant = [word] + (synonyms[word] ?? [])
        let pair = (path.words.dropFirst() + [word, next]).prefix(2).joined(separator: " ")
        if asked.isEmpty, let command = pairs[pair] { return error([command]) }
        if word == "version", asked.isEmpty { return error(["libctl", "--version"]) }
        if let name = meant.first(where: names.contains) { return error(before + [name]) }
        if isRoot,
            let name = meant.first(where: AuthorsCommand.configuration.subcommands.map({ $0._commandName }).contains)
        {
            return error(before + ["authors", name])
        }
        return error(closest(to: word, among: names).map { before + [$0] })
    }

    /// The options that may stand before the command.
    struct RootOptions: ParsableCommand {
        @OptionGroup var options: GlobalOptions
        @Flag(help: "Show the version.") var version = false
    }
}
