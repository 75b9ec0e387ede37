import ArgumentParser
import Shared

extension AuthorsCommand {
    struct History: ParsableCommand, ContextCommand {
        static let title = "authors history"
        static let configuration = CommandConfiguration(
            "history", "Show the changes of one author, newest first.",
            discussion: """
                Also of an author that was deleted. Each change has an event_id, which 'libctl undo' takes, and the \
                session or API key that made it. 'libctl whoami --json' says how far back changes are kept.
                """,
            examples: "authors history 12", "authors history 12 --limit 1 -o ndjson")

        @Argument(help: "Id of the author.", completion: .custom(Candidates.authors))
        var id: String

        @OptionGroup var range: ChangeRange

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            guard let id = try CommandError.ids([id]).first else { return }
            let last = try range.show(context) { Endpoints.history.call(id, $0) }
            let isWhole = last.map { $0.event == AuthorEvent.created && $0.author.version == 1 } ?? false
            if !isWhole, range.isEmpty { context.sayEmpty("earlier changes are not kept") }
        }
    }

    struct Log: ParsableCommand, ContextCommand {
        static let title = "authors log"
        static let configuration = CommandConfiguration(
            "log", "Show the changes of all authors, newest first.",
            discussion: """
                Each change has an event_id, which 'libctl undo', --at and --since take. 'libctl whoami --json' says \
                how far back changes are kept.
                """,
            examples: "authors log --limit 20", "authors log --since 2h", "authors log --since 2026-11-26 -o ndjson",
            "authors log --since 5f1d0c3a9b7e2468-17")

        @OptionGroup var range: ChangeRange

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            if try range.show(context, { Endpoints.changes.call($0) }) == nil {
                context.sayEmpty(range.isEmpty ? "no changes are kept" : "nothing has changed since then")
            }
        }
    }
}

/// The options of `history` and `log`.
struct ChangeRange: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Leave out what happened up to then: an event_id, 2h (ago), 2026-11-26 or '2026-11-26 18:04'.",
            valueName: "time"), completion: .custom(Candidates.changes))
    var since: PastPoint?

    @Option(help: "Show at most this many changes.")
    var limit: Int?

    var isEmpty: Bool { since == nil && limit == nil }

    func validate() throws {
        try CommandError.requireFromOne(limit, "--limit")
    }

    /// Shows changes, and requests them page by page.
    /// - Returns: the last one that was shown.
    func show(
        _ context: CommandContext, _ call: (ChangeQuery) -> EndpointCall<ChangePage>
    ) throws -> AuthorEvent? {
        let asLines = context.output.format == .table && context.options.fields == nil
        let list = try context.output.list(of: AuthorEvent.self)
        var query = ChangeQuery()
        query.since = try since?.point(now: context.io.now())
        var last: AuthorEvent?
        try context.forEachPage(limit: limit ?? .max) { left, after in
            (query.limit, query.after) = (min(left, ChangeQuery.maximumLimit), after)
            return call(query)
        } body: { page in
            for change in page.changes {
                if asLines {
                    try context.output.write(change.lines(color: context.output.color, hasID: true))
                } else {
                    try list.add(change)
                }
            }
            last = page.changes.last ?? last
            return (page.changes.count, page.next)
        }
        if !asLines { try list.end() }
        return last
    }
}

extension AuthorEvent: Displayable {
    private static let own: [DisplayField<AuthorEvent>] = [
        .init("event_id", .word) { .string($0.id) }, .init("event", .word) { .string($0.event) },
        .init("at", .time) { .string($0.at.description) },
    ]
    private static let more: [DisplayField<AuthorEvent>] = [
        .init("old") { $0.old.flatMap { try? JSONValue(parsing: $0.json) } },
        .init("session", .word) { $0.origin.session.map { .string($0) } },
        .init("client") { $0.origin.client.map { .string($0) } },
        .init("import", .word) { $0.origin.importID.map { .string($0) } },
    ]
    static let fields =
        own + AuthorField.all.map { field in .init(field.name, FieldKind(field.kind)) { $0.author.value(field) } }
        + more
    static let columns = own.map(\.name) + Author.columns
    var identifier: String { author.identifier }

    /// The change for a terminal: a line, and a line for each field that an update changed.
    func lines(color: Bool, hasID: Bool = false) -> String {
        let id = hasID ? Self.colored(Escaping.terminal(id), "2", color) + "  " : ""
        let client =
            hasID ? origin.client.map { "  " + Self.colored(Escaping.terminal(ClientName.short($0)), "2", color) } : nil
        return
            "\(id)\(LocalTime.text(at))  \(Self.verb(event, color))  \(Escaping.terminal(author.line))\(client ?? "")\n"
            + (old?.differences(to: author, color: color) ?? "")
    }

    static func verb(_ event: String, _ color: Bool) -> String {
        let colors = [created: "32", updated: "33", deleted: "31"]
        return colored(Escaping.terminal(event), colors[event] ?? "0", color)
    }

    fileprivate static func colored(_ text: String, _ code: String, _ color: Bool) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension Author {
    /// The author in one line, not escaped.
    var line: String { "\(id)  \(name), \(book) (\(country))" }
}

extension AuthorValues {
    /// Lines of a terminal with each of these values and what became of it.
    func differences(to author: Author, color: Bool) -> String {
        AuthorField.writable.filter { has($0) }.map { field in
            let old = self[text: field] ?? self[flag: field].map(String.init) ?? ""
            let new = field.kind == .flag ? String(author.draft[flag: field]) : author.draft[text: field]
            let (before, after) = (Escaping.terminal(old), Escaping.terminal(new))
            return "    \(field.name): \(AuthorEvent.colored(before, "31", color)) → "
                + "\(AuthorEvent.colored(after, "32", color))\n"
        }.joined()
    }
}
