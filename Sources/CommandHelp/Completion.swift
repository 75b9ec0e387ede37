package import ArgumentParser

/// Finds what the word under the cursor can become, from the description of the commands. The scripts for the shells
/// only ask: `PROGRAM ---complete SHELL INDEX WORD...`.
package struct Completion {
    private let root: any ParsableCommand.Type
    private let optionsOfGroups: any ParsableCommand.Type
    private let topics: [Candidate]

    /// - Parameters:
    ///   - optionsOfGroups: a command with the options that may stand before a subcommand.
    ///   - topics: what `help` shows beside the commands.
    package init(
        _ root: any ParsableCommand.Type, optionsOfGroups: any ParsableCommand.Type, topics: [Candidate] = []
    ) {
        self.root = root
        self.optionsOfGroups = optionsOfGroups
        self.topics = topics
    }

    package enum Answer: Equatable {
        /// - Parameter head: the beginning of the word that stays, such as `--output=`.
        case words([Candidate], head: String)
        case files
        static let nothing = Answer.words([], head: "")
    }

    /// - Parameters:
    ///   - words: the words after the name of the program, without quotation marks.
    ///   - index: of the word under the cursor, which may be one after the last.
    package func answer(_ words: [String], at index: Int) -> Answer {
        var line = Line(path: CommandPath(root: root), arguments: CommandArgument.all(of: optionsOfGroups))
        for (position, word) in words.prefix(index).enumerated() {
            if line.isHelp(word) { return help(words[(position + 1)...].prefix(index - position - 1), words, index) }
            guard line.take(word) else { return .nothing }
        }
        let typed = words.indices.contains(index) ? words[index] : ""
        let before = [root._commandName] + words.prefix(index)
        if let option = line.open { return values(of: option, typed, line, before) }
        guard !line.isEnded, typed.hasPrefix("-") else {
            return line.path.isGroup ? .words(commands(typed, line.path), head: "") : positional(typed, line, before)
        }
        if let equals = typed.firstIndex(of: "="),
            let option = line.arguments.first(where: {
                $0.kind == .option && $0.names.contains(String(typed[..<equals]))
            })
        {
            let value = String(typed[typed.index(after: equals)...])
            let answer = values(of: option, value, line, before + [String(typed[..<equals])])
            guard case .words(let candidates, _) = answer else { return answer }
            return .words(candidates, head: String(typed[...equals]))
        }
        return .words(options(typed, line, isShown: false), head: "")
    }

    // MARK: Words

    private func commands(_ typed: String, _ path: CommandPath) -> [Candidate] {
        var all = path.subcommands.map { Candidate($0._commandName, $0.configuration.abstract) }
        if path.words.count == 1 { all.append(Candidate("help", "Show the help of a command or a topic.")) }
        return all.filter { $0.word.hasPrefix(typed) }
    }

    private func help(_ before: ArraySlice<String>, _ words: [String], _ index: Int) -> Answer {
        var path = CommandPath(root: root)
        for word in before where !word.hasPrefix("-") {
            guard path.descend(to: word) else { return .nothing }
        }
        let typed = words.indices.contains(index) ? words[index] : ""
        var found = path.subcommands.map { Candidate($0._commandName, $0.configuration.abstract) }
        if path.words.count == 1 { found += topics }
        return .words(found.filter { $0.word.hasPrefix(typed) }, head: "")
    }

    /// - Parameter isShown: whether only those are wanted that the help page of the command shows.
    private func options(_ typed: String, _ line: Line, isShown: Bool) -> [Candidate] {
        let own = line.arguments.filter { $0.kind != .positional && ($0.isRepeating || !line.used.contains($0.names)) }
        let chosen = own.filter(\.isShown) + (isShown ? [] : own.filter { !$0.isShown })
        var found = chosen.compactMap { argument in
            (argument.names.first { $0.hasPrefix("--") } ?? argument.names.first).map {
                Candidate($0, argument.abstract)
            }
        }
        if !isShown, !found.contains(where: { $0.word == "--help" }) { found.append(Candidate("--help", "Show help.")) }
        return found.filter { $0.word.hasPrefix(typed) }
    }

    private func positional(_ typed: String, _ line: Line, _ before: [String]) -> Answer {
        let all = line.arguments.filter { $0.kind == .positional }
        let argument = line.positionals < all.count ? all[line.positionals] : all.last { $0.isRepeating }
        guard let argument else {
            return .words(line.isEnded ? [] : options(typed, line, isShown: true), head: "")
        }
        return values(of: argument, typed, line, before, position: min(line.positionals, all.count - 1))
    }

    private func values(
        of argument: CommandArgument, _ typed: String, _ line: Line, _ before: [String], position: Int = 0
    ) -> Answer {
        switch argument.completion {
        case .none: return .nothing
        case .file: return .files
        case .list(let values): return .words(values.filter { $0.hasPrefix(typed) }.map { Candidate($0) }, head: "")
        case .custom:
            let command = line.path.isGroup ? optionsOfGroups : line.path.command
            let name = argument.names.first ?? "positional@\(position)"
            return .words(Self.ask(command, name, before + [typed]), head: "")
        }
    }

    /// Calls the custom completion of an argument. The argument parser throws what it returns as an error with the
    /// exit code 0.
    private static func ask(_ command: any ParsableCommand.Type, _ name: String, _ words: [String]) -> [Candidate] {
        let typed = words.last ?? ""
        do {
            _ = try command.parseAsRoot(
                ["---completion", "--", name, String(words.count - 1), String(typed.count)] + words)
            return []
        } catch {
            guard command.exitCode(for: error).isSuccess else { return [] }
            return command.fullMessage(for: error).split(separator: "\n").map(Candidate.init(line:))
                .filter { !$0.word.allSatisfy(\.isWhitespace) }
        }
    }
}

/// The command and the options that the words before the cursor name.
private struct Line {
    var path: CommandPath
    var arguments: [CommandArgument]
    /// The names of the options that are there already.
    var used: Set<[String]> = []
    var positionals = 0
    /// The option whose value comes next.
    var open: CommandArgument?
    /// Whether `--` has ended the options.
    var isEnded = false

    func isHelp(_ word: String) -> Bool { word == "help" && path.words.count == 1 && open == nil && !isEnded }

    /// Takes the next word; `false` if there is no such command.
    mutating func take(_ word: String) -> Bool {
        if open != nil {
            open = nil
        } else if !isEnded, word == "--" {
            isEnded = true
        } else if !isEnded, word.hasPrefix("-"), word != "-" {
            let name = String(word.prefix { $0 != "=" })
            guard let argument = arguments.first(where: { $0.names.contains(name) }) else { return true }
            used.insert(argument.names)
            if argument.kind == .option, !word.contains("=") { open = argument }
        } else if path.isGroup {
            guard path.descend(to: word) else { return false }
            if !path.isGroup { arguments = CommandArgument.all(of: path.command) }
        } else {
            positionals += 1
        }
        return true
    }
}
