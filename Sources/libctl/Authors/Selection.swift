import Shared

/// The authors that a command is for: ids, ids from standard input (`-`), those that a query finds, or all.
struct AuthorSelection {
    let ids: [String]
    let query: AuthorQuery
    let all: Bool

    /// Whether the ids come from standard input.
    var isRead: Bool { ids == ["-"] }
    /// Whether the command line names each author.
    var isNamed: Bool { !ids.isEmpty && !isRead }
    var isOne: Bool { isNamed && ids.count == 1 }

    /// Passes if it is exactly one of: ids, a query, all.
    func requireClear(_ hint: String) throws(CommandError) {
        let ways = [!ids.isEmpty, query != AuthorQuery(), all].filter { $0 }.count
        guard ways == 1 else {
            throw CommandError(
                .usage, ways == 0 ? "no author is named" : "ids, filters and --all contradict each other", hint: hint)
        }
    }

    /// One author of the selection. The entity tag is that of the version that a query found.
    struct Target: CustomStringConvertible {
        let id: Int64
        var entityTag: String?

        var description: String { String(id) }
    }

    func targets(_ context: CommandContext) throws -> [Target] {
        guard ids.isEmpty else { return try identifiers(context).map { Target(id: $0) } }
        var targets: [Target] = []
        try context.streamAuthors(query) { targets.append(Target(id: $0.id, entityTag: $0.entityTag)) }
        return targets
    }

    private func identifiers(_ context: CommandContext) throws -> [Int64] {
        guard isRead else { return try CommandError.ids(ids) }
        var found: [Int64] = []
        let reader = InputReader(context.io.input)
        while let line = try reader.line() {
            let text = String(decoding: line, as: UTF8.self)
            if !text.isEmpty { found += try CommandError.ids([text]) }
        }
        return found
    }

    /// Calls `body` with each of the authors as it is now, for a command that changes none.
    func forEach(_ context: CommandContext, skipsMissing: Bool, _ body: (Author) throws -> Void) throws {
        guard !ids.isEmpty else { return try context.streamAuthors(query, body) }
        try context.forEach(try identifiers(context), noun: "author") { id in
            try context.skippingMissing(skipsMissing) { try body(try context.author(id)) }
        }
    }

    /// The usage error for a selection that names no authors one by one, without `--yes`.
    /// - Parameter verb: what would be done to them.
    func refusal(to verb: String, _ context: CommandContext) -> CommandError {
        guard !isRead else {
            return CommandError(
                .usage, "this would \(verb) every author whose id comes from standard input",
                hint: "add --yes if you mean it")
        }
        func hint(_ them: String) -> String {
            "libctl authors list\(query.options) shows \(them); add --yes to \(verb) \(them)"
        }
        var first = query
        first.limit = AuthorQuery.maximumLimit
        let call = Endpoints.authors.call(first)
        guard let page = try? context.authorized({ try context.client.send(call, authorization: $0) }) else {
            return CommandError(.usage, "this would \(verb) every author that matches", hint: hint("them"))
        }
        let count = page.authors.count
        switch count {
        case 0: return CommandError(.usage, "no author matches", hint: "libctl authors list shows all authors")
        case 1: return CommandError(.usage, "1 author matches", hint: hint("it"))
        default:
            let some = page.next == nil ? "\(count)" : "more than \(count)"
            return CommandError(.usage, "\(some) authors match", hint: hint("them"))
        }
    }
}

extension CommandContext {
    /// Calls `body`, and ignores that there is no such author if that is asked for.
    func skippingMissing(_ skips: Bool, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let problem as Problem where skips && problem.knownCode == .authorNotFound {
        }
    }

    /// Calls `body`, which sends a change on the condition that the author still has a version.
    /// - Parameter version: the one that the user named, if so.
    func conditional<Value>(_ id: Int64, version: Int64?, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let problem as Problem where problem.knownCode == .preconditionFailed {
            throw CommandError(changed: id, version: version, now: try? author(id).version, problem)
        }
    }
}

extension CommandError {
    /// The error for an author that has another version than a change was for.
    /// - Parameters:
    ///   - version: the one that the user named; `nil` if the author was read before.
    ///   - now: the one that it has, if that is known.
    init(changed id: Int64, version: Int64?, now: Int64?, _ problem: Problem? = nil) {
        let reason =
            if let version, let now { "author \(id) is at version \(now), not \(version)" } else {
                "author \(id) has changed meanwhile"
            }
        self.init(.conflict, reason, hint: "libctl authors show \(id)", problem: problem)
    }
}

extension AuthorQuery {
    /// The query as options of `authors list`, each after a space.
    fileprivate var options: String {
        var words = search.map { ["--search", Self.quoted($0)] } ?? []
        for field in AuthorField.filterable {
            let name = field.name.replacing("_", with: "-")
            if let text = values[text: field] { words += ["--\(name)", Self.quoted(text)] }
            if let flag = values[flag: field] { words.append(flag ? "--\(name)" : "--no-\(name)") }
        }
        return words.map { " " + $0 }.joined()
    }

    /// The text as one word of a shell.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || (0x30...0x39).contains(byte)
        }
        return isPlain && !text.isEmpty ? text : "'\(text.replacing("'", with: #"'\''"#))'"
    }
}
