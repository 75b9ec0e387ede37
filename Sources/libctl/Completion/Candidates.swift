import ArgumentParser
import Shared

/// What a shell offers where only the daemon, or the file of logins, knows the words. Silent: without a login that is
/// good as it stands, or without a daemon, there are no candidates.
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

    /// Ids of the caller's logins.
    static func sessions(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.ask(Endpoints.sessions.call()).sessions.map {
                let time = $0.usedAt.description.prefix(16).replacing("T", with: " ")
                return Candidate($0.id, "\($0.current ? "this one, " : "")\(time), \($0.client)")
            }
        }
    }

    /// Users who are logged in at the server, by the file alone.
    static func logins(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        TypedLine(words, index, prefix).offer { context in
            try context.credentials.read().logins.filter { $0.server == context.server.origin }
                .map { Candidate($0.user, $0.current ? "used if none is named" : "logged in") }
        }
    }

    /// Fields of what the command shows, behind those that are chosen already.
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

    /// Orders of authors. Not a fixed list: zsh would take what follows a colon for a description.
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

/// The line in front of the cursor, as a shell hands it over.
struct TypedLine {
    private let words: [String]
    private let index: Int
    /// What has been typed of the word to complete.
    let typed: String

    init(_ words: [String], _ index: Int, _ prefix: String) {
        self.words = words.map(Self.unquoted)
        self.index = index
        // The prefix is that of the last word, which the cursor need not be in.
        let isElsewhere = words.indices.contains(index) && index < words.count - 1
        typed = Self.unquoted(isElsewhere ? words[index] : prefix)
    }

    /// The same for what the server of the line knows, or the file of its logins.
    func offer(_ find: (CommandContext) throws -> [Candidate]) -> [String] {
        offer { try find(try context()) }
    }

    /// The candidates that begin with what has been typed and are not on the line yet.
    func offer(_ find: () throws -> [Candidate]) -> [String] {
        guard let found = try? find() else { return [] }
        let others = words.enumerated().filter { $0.offset != index && !isValue($0.offset) }.map(\.element)
        let fitting = found.filter {
            $0.isHarmless && $0.word.lowercased().hasPrefix(typed.lowercased()) && !others.contains($0.word)
        }
        return fitting.prefix(AuthorQuery.defaultLimit).map { $0.text(for: .requesting, .standard) }
    }

    func has(_ word: String) -> Bool { words.contains(word) }

    /// With the server and the user that the line names.
    private func context() throws -> CommandContext {
        var io = IO.standard
        io.terminal = nil
        var options = try GlobalOptions.parse([])
        options.server = value(of: "--server")
        // It says nothing of whose it is: only Enter may send it to a server that is being typed.
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

    /// Shells hand words over as they were typed.
    private static func unquoted(_ word: String) -> String {
        word.filter { !"'\"\\".contains($0) }
    }
}

/// A word to type, and what it stands for.
struct Candidate {
    let word: String
    private let meaning: String
    private static let columns = 40

    init(_ word: String, _ meaning: String) {
        self.word = word
        self.meaning = DisplayWidth.shortened(Escaping.terminal(meaning), to: Self.columns)
    }

    /// Letters, digits and a few marks, as in a user's name, mean nothing to a shell. Nothing else gets on a command
    /// line.
    var isHarmless: Bool {
        Registration.fault(inName: word.replacing(":", with: ".").replacing(",", with: ".")) == nil
    }

    /// As the generated scripts take it.
    func text(for shell: CompletionShell?, _ io: IO) -> String {
        switch shell {
        case .some(.zsh):
            // `_describe` ends the word at a colon, and takes a backslash away from what follows it.
            [word.replacing(":", with: "\\:"), meaning.replacing("\\", with: "\\\\")].filter { !$0.isEmpty }
                .joined(separator: ":")
        case .some(.fish):
            "\(word)\t\(meaning)"
        case .some(.bash) where !meaning.isEmpty && io.variable("COMP_TYPE") == BashCompletion.onlyLists:
            // The script expands it once (`compgen -W`).
            "'\("\(word)  (\(meaning))".replacing("'", with: #"'\''"#))'"
        default:
            word
        }
    }
}
