package import Shared

/// A message of the argument parser in the words of the program: lower case, no full stop, and without the values,
/// which may be secrets entered in the wrong place, such as a password as an extra argument.
///
/// The parser's errors are not public, so its English text is read. A text that is not known stays as it is.
package struct UsageMessage {
    /// The values that an option accepts, such as `a whole number from 1`, and an example of a value.
    package typealias Form = (description: String, example: String)

    private let path: CommandPath
    private let arguments: [CommandArgument]
    /// The words of the command line.
    private let typed: [String]
    private let forms: [String: Form]
    /// Command lines to show when there are too many arguments, by the words of the command without the program.
    private let usages: [String: String]
    /// The other ways to give a password.
    private let passwordHint: String

    package init(
        _ path: CommandPath, arguments: [CommandArgument], typed: [String], forms: [String: Form] = [:],
        usages: [String: String] = [:], passwordHint: String
    ) {
        self.path = path
        self.arguments = arguments
        self.typed = typed
        self.forms = forms
        self.usages = usages
        self.passwordHint = passwordHint
    }

    private var help: String { path.title + " --help" }

    package func error(for message: String) -> CommandError {
        let (reason, hint) = translated(message)
        return CommandError(.usage, reason, hint: hint)
    }

    private func translated(_ message: String) -> (reason: String, hint: String) {
        if let name = message.firstMatch(of: /^Unknown option '(-[^']*)'/)?.output.1 { return unknown(String(name)) }
        if let name = message.firstMatch(of: /^Missing value for '(-[\w\-]+)/)?.output.1 {
            return missingValue(of: String(name))
        }
        if let match = message.firstMatch(
            of: /^The value '(.*)' is invalid for '(-[\w\-]+)?(?: ?<([^>]*)>)?'/.dotMatchesNewlines())
        {
            return invalidValue(String(match.output.1), of: match.output.2.map(String.init), match.output.3 ?? "")
        }
        if let name = message.firstMatch(of: /^Missing expected argument '(-[\w\-]+)\s/)?.output.1 {
            return missingOption(String(name))
        }
        if let value = message.firstMatch(of: /^Missing expected argument '<([^>]*)>/)?.output.1 {
            return missingArgument(String(value))
        }
        if message.hasPrefix("Unexpected argument ") { return tooMany("there is one argument too many") }
        if message.contains(/^\d+ unexpected arguments:/) {
            return tooMany("there are \(message.prefix { $0 != " " }) arguments too many")
        }
        if let name = message.firstMatch(of: /^The option '([^']*)' does not take any value/)?.output.1 {
            return ("\(name) takes no value", help)
        }
        if let flags = message.firstMatch(of: /^Value to be set with flag '(.*)' had already been set with flag '(.*)'/)
        {
            return ("\(flags.output.2) and \(flags.output.1) contradict each other", help)
        }
        return (message, help)
    }

    private func unknown(_ name: String) -> (String, String) {
        let names = arguments.flatMap(\.names) + ["--help", "-h", "--version"]
        if isPassword(name) {
            return ("a password on the command line is seen by others on this machine", passwordHint)
        }
        if name.contains(/^-\d/) {
            let takesID = arguments.contains { $0.kind == .positional && $0.value == "id" }
            return takesID ? notAnID(name) : ("there is no option \(name)", help)
        }
        guard name.hasPrefix("--") else {
            if name == "-V" { return ("there is no option -V", "did you mean --version?") }
            let value = String(name.dropFirst(2))
            if let option = arguments.first(where: { $0.names.contains(String(name.prefix(2))) }),
                option.values.contains(value)
            {
                return ("there is no option \(name)", "did you mean \(name.prefix(2)) \(value)?")
            }
            // Only the letter: what follows it may be a secret.
            return ("there is no option \(name.prefix(2))", help)
        }
        if names.contains(name) { return ("\(name) takes no value", help) }
        let near = closest(to: name, among: names.filter { $0.hasPrefix("--") })
        return ("there is no option \(name)", near.map { "did you mean \($0)?" } ?? help)
    }

    private static let passwordOptions = [
        "--password", "--pass", "--passwd", "--pw", "--pwd", "--secret", "--new-password", "--old-password",
        "--current-password", "--user-password",
    ]

    /// Whether some other programs take a password with this option; with `-pPASSWORD` too, if the command has one.
    private func isPassword(_ name: String) -> Bool {
        if Self.passwordOptions.contains(String(name.prefix { $0 != "=" })) { return true }
        let takesPassword = arguments.contains { $0.names == ["--password-stdin"] }
        return takesPassword && ["-p", "--pass", "--pw"].contains(where: name.hasPrefix)
    }

    private func notAnID(_ word: String) -> (String, String) {
        let list = (path.words.dropLast() + ["list"]).joined(separator: " ")
        return ("\(word) is not an id", "\(list) shows the ids")
    }

    private func missingValue(of name: String) -> (String, String) {
        guard let form = form(of: name) else { return ("\(name) needs a value", help) }
        return ("\(name) needs a value: \(form.description)", "for example: \(name) \(form.example)")
    }

    private func missingOption(_ name: String) -> (String, String) {
        guard let form = form(of: name) else { return ("\(name) is missing", help) }
        return ("\(name) is missing: \(form.description)", "for example: \(name) \(form.example)")
    }

    private func invalidValue(_ value: String, of name: String?, _ valueName: Substring) -> (String, String) {
        let argument = arguments.first {
            name.map($0.names.contains) ?? ($0.kind == .positional && $0.value == valueName)
        }
        let near = closest(to: value, among: argument?.values ?? [])
        guard let name else {
            let values = Self.list(argument?.values ?? [])
            let hint = near.map { "did you mean \($0)?" } ?? help
            return ("the \(valueName) is \(values.isEmpty ? "not valid" : "one of \(values)")", hint)
        }
        guard let form = form(of: name) else { return ("the value of \(name) is not valid", help) }
        return (
            "\(name) takes \(form.description)",
            near.map { "did you mean \(name) \($0)?" } ?? "for example: \(name) \(form.example)"
        )
    }

    private func missingArgument(_ value: String) -> (String, String) {
        if value == "id", let number = typed.first(where: { $0.contains(/^-\d/) }) { return notAnID(number) }
        let words = arguments.filter { $0.kind == .positional }.map { argument in
            argument.value.uppercased() + (argument.isRepeating ? "..." : "")
        }
        return ("the \(value) is missing", ([path.title] + words).joined(separator: " "))
    }

    private func tooMany(_ reason: String) -> (String, String) {
        (reason, usages[path.words.dropFirst().joined(separator: " ")].map { path.words[0] + " " + $0 } ?? help)
    }

    private func form(of name: String) -> Form? {
        guard let argument = arguments.first(where: { $0.names.contains(name) }) else { return nil }
        if let form = argument.names.lazy.compactMap({ forms[$0] }).first { return form }
        guard let first = argument.values.first else { return nil }
        return (Self.list(argument.values), first)
    }

    private static func list(_ values: [String]) -> String {
        guard values.count > 1, let last = values.last else { return values.first ?? "" }
        return values.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension UsageMessage {
    /// The error that `validate()` of a command has thrown. The argument parser wraps it in an error that is not
    /// public, so it is looked for by reflection.
    package static func own(_ error: any Error) -> CommandError? {
        guard let wrapped = Mirror(reflecting: error).children.first(where: { $0.label == "parserError" })?.value else {
            return error as? CommandError
        }
        return Mirror(reflecting: wrapped).children.first?.value as? CommandError
    }
}
