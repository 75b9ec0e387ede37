import ArgumentParser
import CommandHelp
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

    /// Ids of the last changes, the newest first.
    static func changes(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.ask(Endpoints.changes.call(ChangeQuery())).changes.map { change in
                let time = change.at.description.prefix(16).replacing("T", with: " ")
                return Candidate(change.id, "\(time), \(change.event), \(change.author.name), \(change.author.book)")
            }
        }
    }

    /// Names of all users, for admins.
    static func users(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.ask(Endpoints.users.call()).users.map { user in
                let marks = [
                    user.admin ? "admin" : "user", user.disabled ? "disabled" : nil, counted(user.authors, "author"),
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

    /// Names of the user's API keys.
    static func keys(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.ask(Endpoints.keys.call()).keys.map { key in
                let use = key.usedAt.map { "used \($0.description.prefix(10))" } ?? "never used"
                return Candidate(key.name, "\(key.scope), \(use)")
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
            "users": User.fieldNames, "sessions": LoginSession.fieldNames, "keys": APIKey.fieldNames,
            "import": BulkResult.fieldNames,
            "stats": Count.fieldNames, "history": AuthorEvent.fieldNames, "log": AuthorEvent.fieldNames,
            "watch": AuthorEvent.fieldNames, "undo": UndoReport.fieldNames,
        ]
        let names = shown.first { line.has($0.key) }?.value ?? Author.fieldNames
        let chosen = line.typed.split(separator: ",", omittingEmptySubsequences: false).dropLast()
        return line.offer {
            names.filter { !chosen.contains($0[...]) }
                .map { Candidate((chosen + [$0[...]]).joined(separator: ","), "") }
        }
    }

    /// Countries of the newest authors, the most frequent first; no more than one page of authors is read.
    static func countries(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer(isHarmless: isCountry) { context in
            var query = AuthorQuery()
            query.sort = AuthorSort(.id, descending: true)
            query.limit = AuthorQuery.maximumLimit
            let authors = try context.ask(Endpoints.authors.call(query)).authors
            return Dictionary(grouping: authors, by: \.country).map { ($0.key, $0.value.count) }
                .sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map { Candidate($0.0, counted($0.1, "author")) }
        }
    }

    /// Whether the text has only letters, digits and the marks of names of countries. The scripts escape them.
    private static func isCountry(_ text: String) -> Bool {
        text.first?.isLetter == true && text.allSatisfy { $0.isLetter || $0.isNumber || " .,-'’".contains($0) }
    }

    /// Values for the key of `config set`.
    static func settings(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        switch words.indices.contains(index - 1) ? Config.Key(rawValue: words[index - 1]) : nil {
        case .color: TypedLine(words, index, prefix).offer { ColorChoice.allCases.map { Candidate($0.rawValue) } }
        case .user: logins(words, index, prefix)
        default: []
        }
    }

    /// Orders for `--sort`, without `:bytes`, which few people want.
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
        self.words = words
        self.index = index
        // The prefix is that of the last word, but the cursor may be in an earlier word.
        let isElsewhere = words.indices.contains(index) && index < words.count - 1
        typed = isElsewhere ? words[index] : prefix
    }

    /// The candidates that `find` returns for the server and the user of the line, filtered by ``offer(_:)``.
    func offer(
        isHarmless: (String) -> Bool = TypedLine.isHarmless, _ find: (CommandContext) throws -> [Candidate]
    ) -> [String] {
        offer(isHarmless: isHarmless) { try find(try context()) }
    }

    /// The candidates that `find` returns, if they begin with the typed part and are not on the line yet.
    func offer(isHarmless: (String) -> Bool = TypedLine.isHarmless, _ find: () throws -> [Candidate]) -> [String] {
        guard let found = try? find() else { return [] }
        let others = words.enumerated().filter { $0.offset != index && !isValue($0.offset) }.map(\.element)
        let fitting = found.filter {
            isHarmless($0.word) && $0.word.lowercased().hasPrefix(typed.lowercased()) && !others.contains($0.word)
        }
        return fitting.prefix(AuthorQuery.defaultLimit).map { candidate in
            let meaning = DisplayWidth.shortened(Escaping.terminal(candidate.meaning), to: Self.columns)
            return Candidate(candidate.word, meaning).line
        }
    }

    /// The width of a description.
    private static let columns = 40

    /// Whether the word has only letters, digits and marks that no shell treats as special. Other words are not
    /// offered, so that no data of the daemon can become shell syntax on a command line.
    static func isHarmless(_ word: String) -> Bool {
        Registration.fault(inName: word.replacing(":", with: ".").replacing(",", with: ".")) == nil
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
}
