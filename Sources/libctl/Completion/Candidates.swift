import ArgumentParser
import Shared

/// Completion candidates that come from the daemon or from the stored logins. Errors are silent: without a valid
/// token, or without a daemon, there are no candidates.
enum Candidates {
    /// Ids of authors, the newest first.
    static func authors(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        let line = TypedLine(words, index, prefix)
        return line.offer { context in
            var query = AuthorQuery()
            query.sort = AuthorSort(.id, descending: true)
            if !line.typed.isEmpty { query.limit = AuthorQuery.maximumLimit }
            let page = try context.ask(Endpoints.authors.call(query))
            return page.authors.map { Candidate(String($0.id), "\($0.name), \($0.book)") }
        }
    }

    /// Names of all users, for admins.
    static func users(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.ask(Endpoints.users.call()).users.map { user in
                let marks = [
                    user.admin ? "admin" : "user", user.disabled ? "disabled" : nil, "\(user.authors) authors",
                ]
                return Candidate(user.name, marks.compactMap { $0 }.joined(separator: ", "))
            }
        }
    }

    /// Ids of the user's logins.
    static func sessions(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.ask(Endpoints.sessions.call()).sessions.map {
                let time = $0.usedAt.description.prefix(16).replacing("T", with: " ")
                return Candidate($0.id, "\($0.current ? "this one, " : "")\(time), \($0.client)")
            }
        }
    }

    /// Users with a stored login at the server. No request is sent.
    static func logins(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.credentials.read().logins.filter { $0.server == context.server.origin }
                .map { Candidate($0.user, $0.current ? "used if none is named" : "logged in") }
        }
    }

    /// Fields that the command can show, each after the fields that the word names already.
    static func fields(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        let line = TypedLine(words, index, prefix)
        let shown = [
            "users": User.fieldNames, "sessions": LoginSession.fieldNames, "import": BulkResult.fieldNames,
            "stats": Count.fieldNames,
        ]
        let names = shown.first { line.has($0.key) }?.value ?? Author.fieldNames
        let chosen = line.typed.split(separator: ",", omittingEmptySubsequences: false).dropLast()
        return line.offer {
            names.filter { !chosen.contains($0[...]) }
                .map { Candidate((chosen + [$0[...]]).joined(separator: ","), "") }
        }
    }

    /// Orders for `--sort`. Not a fixed list in the script: zsh reads the text after a colon as a description.
    static func orders(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer {
            AuthorField.sortable.flatMap { field in
                [false, true].map { Candidate(AuthorSort(field, descending: $0).description, "") }
            }
        }
    }
}

extension CommandContext {
    fileprivate func ask<Output: JSONReadable>(_ call: EndpointCall<Output>) throws -> Output {
        try client.send(call, authorization: "Bearer " + (try currentToken()), isPatient: false)
    }
}

/// The command line to complete, as the shell passes it.
struct TypedLine {
    private let words: [String]
    private let index: Int
    /// The typed part of the word to complete.
    let typed: String

    init(_ words: [String], _ index: Int, _ prefix: String) {
        self.words = words.map(Self.unquoted)
        self.index = index
        // The prefix is that of the last word, but the cursor may be in an earlier word.
        let isElsewhere = words.indices.contains(index) && index < words.count - 1
        typed = Self.unquoted(isElsewhere ? words[index] : prefix)
    }

    /// The candidates that `find` returns for the server and the user of the line, filtered by ``offer(_:)``.
    func offer(_ find: (CommandContext) throws -> [Candidate]) -> [String] {
        offer { try find(try context()) }
    }

    /// The candidates that `find` returns, if they begin with the typed part and are not on the line yet.
    func offer(_ find: () throws -> [Candidate]) -> [String] {
        guard let found = try? find() else { return [] }
        let others = words.enumerated().filter { $0.offset != index && !isValue($0.offset) }.map(\.element)
        let fitting = found.filter {
            $0.isHarmless && $0.word.lowercased().hasPrefix(typed.lowercased()) && !others.contains($0.word)
        }
        return fitting.prefix(AuthorQuery.defaultLimit).map { $0.text(for: .requesting, .standard) }
    }

    func has(_ word: String) -> Bool { words.contains(word) }

    /// A context for the server and the user that the line names.
    private func context() throws -> CommandContext {
        var io = IO.standard
        io.terminal = nil
        var options = try GlobalOptions.parse([])
        options.server = value(of: "--server")
        // Nothing binds LIBCTL_TOKEN to a server. Only a command that the user has entered may send it, never a
        // completion to a server that is still being typed.
        if options.server != nil { io.environment["LIBCTL_TOKEN"] = nil }
        options.user = value(of: "--user")
        return try CommandContext(options, io: io)
    }

    private func value(of option: String) -> String? {
        for (position, word) in words.enumerated() where position != index {
            if word == option, words.indices.contains(position + 1), position + 1 != index {
                return words[position + 1]
            }
            if word.hasPrefix(option + "=") { return String(word.dropFirst(option.utf8.count + 1)) }
        }
        return nil
    }

    private func isValue(_ position: Int) -> Bool {
        position > 0 && words[position - 1].hasPrefix("-")
    }

    /// Removes quotes and backslashes, because shells pass words as they were typed.
    private static func unquoted(_ word: String) -> String {
        word.filter { !"'\"\\".contains($0) }
    }
}

/// A word to complete to, with a description.
struct Candidate {
    let word: String
    private let meaning: String
    private static let columns = 40

    init(_ word: String, _ meaning: String) {
        self.word = word
        self.meaning = DisplayWidth.shortened(Escaping.terminal(meaning), to: Self.columns)
    }

    /// Whether the word has only letters, digits and marks that no shell treats as special. Other words are not
    /// offered, so that no data of the daemon can become shell syntax on a command line.
    var isHarmless: Bool {
        Registration.fault(inName: word.replacing(":", with: ".").replacing(",", with: ".")) == nil
    }

    /// The candidate in the format that the generated script for the shell expects.
    func text(for shell: CompletionShell?, _ io: IO) -> String {
        switch shell {
        case .some(.zsh):
            // `_describe` ends the word at a colon, and removes a backslash in the description.
            [word.replacing(":", with: "\\:"), meaning.replacing("\\", with: "\\\\")].filter { !$0.isEmpty }
                .joined(separator: ":")
        case .some(.fish):
            "\(word)\t\(meaning)"
        case .some(.bash) where !meaning.isEmpty && io.variable("COMP_TYPE") == BashCompletion.onlyLists:
            // The script expands the candidate once more (`compgen -W`), so it is quoted.
            "'\("\(word)  (\(meaning))".replacing("'", with: #"'\''"#))'"
        default:
            word
        }
    }
}
