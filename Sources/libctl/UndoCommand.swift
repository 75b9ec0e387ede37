import ArgumentParser
import Shared

struct UndoCommand: ParsableCommand, ContextCommand {
    static let title = "undo"
    static let configuration = CommandConfiguration(
        "undo", "Take changes of authors back.",
        discussion: """
            Without an argument, the last change. Shows on a terminal what will happen, and asks. All changes are \
            taken back or none: an author that has changed since is in the way, unless --force leaves it as it is. \
            What undo does is itself a change, which undo can take back.
            """,
        examples: "undo", "undo --last 3 --dry-run", "undo 5f1d0c3a9b7e2468-17", "undo --import 4c7d1e --yes")

    @Argument(
        help: "The event_id of one change; 'libctl authors log' shows them.", completion: .custom(Candidates.changes))
    var event: String?

    @Option(help: "Take back so many of the last changes.")
    var last: Int?

    @Option(name: .customLong("import"), help: ArgumentHelp("Take back all changes of an import.", valueName: "id"))
    var importID: String?

    @Flag(help: "Leave authors as they are that have changed since.")
    var force = false

    @Flag(help: "Change nothing; show what would happen.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var options: GlobalOptions

    /// Number of authors that are shown one by one; the others are only counted.
    private static let shown = 10

    func validate() throws {
        guard [event != nil, last != nil, importID != nil].count(where: \.self) <= 1 else {
            throw CommandError(
                .usage, "an event_id, --last and --import cannot be combined", hint: "libctl undo --help")
        }
        if let last, !(1...Int(UndoRequest.mostChanges)).contains(last) {
            throw CommandError(
                .usage, "--last takes a whole number from 1 to \(UndoRequest.mostChanges)",
                hint: "for example: --last 3")
        }
        if let event, !HistoryPoint.isEventID(event) {
            throw CommandError(
                .usage, "\(Secrets.quoted(event)) is not the event_id of a change",
                hint: "libctl authors log shows them")
        }
    }

    func run(_ context: CommandContext) throws {
        var request = UndoRequest(
            event: event, last: last.map { Int64($0) } ?? (event == nil && importID == nil ? 1 : nil),
            importID: importID)
        if force { request.force = true }
        if dryRun || !yes {
            // Fails here if there is no terminal, before any request is sent.
            if !dryRun { try context.requireTerminal().close() }
            var trial = request
            trial.dryRun = true
            let plan = try send(trial, context)
            guard !dryRun else { return try show(plan, context) }
            guard plan.authors > 0 else { return context.diagnostics.say("nothing would change") }
            try context.confirm(
                plan.lines(Self.shown),
                "Undo \(plan.undone == 1 ? "this change" : "these \(plan.undone) changes")?",
                otherwise: "nothing was undone")
            request.expectedEvent = plan.eventID
        }
        try show(try send(request, context), context)
    }

    private func send(_ request: UndoRequest, _ context: CommandContext) throws -> UndoReport {
        do {
            return try context.authorized { try context.client.send(Endpoints.undo.call(request), authorization: $0) }
        } catch let problem as Problem where problem.knownCode == .undoConflict {
            for error in problem.errors.prefix(Self.shown) {
                context.diagnostics.warn("\(error.field) \(error.message)")
            }
            if problem.errors.count > Self.shown { context.diagnostics.warn("… and others") }
            throw CommandError(
                .conflict, "\(CommandError.plain(problem.detail)); nothing was undone",
                hint: "--force leaves authors as they are that have changed since", problem: problem)
        }
    }

    private func show(_ report: UndoReport, _ context: CommandContext) throws {
        if options.choosesResults {
            try context.output.show(report)
        } else if dryRun {
            for line in report.lines(.max) { try context.output.line(line) }
        }
        for obstacle in report.obstacles.prefix(Self.shown) {
            context.diagnostics.warn("author \(obstacle.id) \(obstacle.reason): it was left as it is")
        }
        let done = dryRun ? "would undo" : "undid"
        let rest = report.skipped == 0 ? "" : ", left \(counted(report.skipped, "author"))"
        context.diagnostics.say(
            "\(done) \(counted(report.undone, "change")): \(report.summary)\(rest)"
                + (dryRun ? "; nothing was changed" : ""))
        if !dryRun, report.authors > 0 {
            context.diagnostics.say(
                "to take that back: libctl undo --last \(report.authors)\(context.options.loginOptions)")
        }
    }
}

extension UndoReport {
    /// Number of authors that become others.
    fileprivate var authors: Int64 { created + updated + deleted }

    fileprivate var summary: String {
        let parts = [(created, "created again"), (updated, "put back"), (deleted, "deleted")].filter { $0.0 > 0 }
            .map { "\(counted($0, "author")) \($1)" }
        return parts.isEmpty ? "no author changes" : parts.joined(separator: ", ")
    }

    /// What becomes of the first authors, in lines.
    fileprivate func lines(_ limit: Int) -> [String] {
        let verbs = [
            AuthorEvent.created: "create again", AuthorEvent.updated: "put back", AuthorEvent.deleted: "delete",
        ]
        let shown = changes.prefix(limit)
        let lines = shown.map { change in
            let line = "  \(verbs[change.event] ?? change.event)  \(change.author.line)"
            let fields = AuthorField.writable.filter { change.old?.has($0) == true }.map(\.name)
            return fields.isEmpty ? line : "\(line): \(fields.joined(separator: ", "))"
        }
        let rest = Int(authors) - shown.count
        return rest > 0 ? lines + ["  and \(rest) more"] : lines
    }
}

extension UndoReport: Displayable {
    static let fields: [DisplayField<UndoReport>] = [
        .init("message") { .string($0.message) }, .init("event_id", .word) { .string($0.eventID) },
        .init("undone", .number) { .integer($0.undone) }, .init("created", .number) { .integer($0.created) },
        .init("updated", .number) { .integer($0.updated) }, .init("deleted", .number) { .integer($0.deleted) },
        .init("skipped", .number) { .integer($0.skipped) },
    ]
    var identifier: String { eventID }
}
