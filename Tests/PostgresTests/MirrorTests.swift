import LibraryStore
import Shared
import TestSupport
import Testing

@testable import LibraryPostgres

/// Random changes in both engines, which must leave the same library.
struct MirrorTests {
    /// What is done. Authors are named by their event, because their ids may differ.
    private enum Step {
        case create(AuthorDraft)
        case update(event: Int64, AuthorPatch)
        case delete(event: Int64)
        case lines(String, BulkOptions, String)
        case file(String, BulkOptions, String)
        case undo(UndoRequest)
        case prune
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func bothAreTheSame(number: UInt64) async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        // In one case many events are gone.
        let mirror = try await Mirror(history: HistoryLimit(events: number == 0 ? 40 : 100_000))
        var imports = ["none"]
        for time in 10..<130 as Range<Int64> {
            let last = try mirror.sqlite.rows(.authorEvent, ["sequence"]).compactMap { Int64($0[0]) }.last ?? 0
            let step = step(&random, last, &imports)
            let results = (
                await result(step, mirror, mirror.sqlite, at: time),
                await result(step, mirror, mirror.postgres, at: time)
            )
            #expect(results.0 == results.1, "seed \(seed), case \(number), time \(time), \(step)")
            guard results.0 == results.1 else { return }
            try mirror.check("seed \(seed), case \(number), time \(time), \(step)")
        }
        // The last 40 events need not have all kinds.
        if number == 0 { return }
        #expect(try Set(mirror.library.rows(.authorEvent, ["kind"])) == [["created"], ["updated"], ["deleted"]])
    }

    private func step(_ random: inout SeededGenerator, _ last: Int64, _ imports: inout [String]) -> Step {
        let event = Int64.random(in: max(1, last - 60)...max(1, last), using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<20: return .create(draft(&random))
        case 20..<40:
            var values = draft(&random).values
            if Bool.random(using: &random) { values[text: .name] = nil }
            if Bool.random(using: &random) { values[text: .book] = nil }
            return .update(event: event, AuthorPatch(values))
        case 40..<50: return .delete(event: event)
        case 50..<78:
            let count = Int.random(in: 0...25, using: &random)
            let text = (0..<count).map { _ in line(&random) }.joined(separator: "\n")
            var options = BulkOptions([.fail, .skip, .update].randomElement(using: &random) ?? .fail)
            if Bool.random(using: &random) { options.defaultCountry = "Default" }
            let id = Bool.random(using: &random) ? "i\(imports.count)" : imports.randomElement(using: &random) ?? "i"
            imports.append(id)
            if Bool.random(using: &random) { return .lines(text, options, id) }
            options.atomic = Bool.random(using: &random)
            options.dryRun = !options.atomic || Int.random(in: 0..<4, using: &random) == 0
            return .file(text, options, id)
        case 78..<98:
            var request = UndoRequest()
            switch Int.random(in: 0..<3, using: &random) {
            case 0: request.importID = imports.randomElement(using: &random)
            case 1: request.event = "\(event)"
            default: request.last = Int64.random(in: 1...30, using: &random)
            }
            if Bool.random(using: &random) { request.force = true }
            if Int.random(in: 0..<4, using: &random) == 0 { request.dryRun = true }
            return .undo(request)
        default: return .prune
        }
    }

    private func draft(_ random: inout SeededGenerator) -> AuthorDraft {
        AuthorDraft(
            name: ["Ada", "ada", "Ørsted", "\u{C9}mile", "E\u{301}mile", "村上"].randomElement(using: &random) ?? "",
            book: "B\(Int.random(in: 0..<8, using: &random))",
            country: ["UK", "Eire", "日本"].randomElement(using: &random) ?? "",
            bookerPrize: Bool.random(using: &random))
    }

    private func line(_ random: inout SeededGenerator) -> String {
        var values = draft(&random).values
        switch Int.random(in: 0..<20, using: &random) {
        case 0: return "nonsense"
        case 1: values[text: .name] = ""
        case 2..<6: values[text: .country] = nil
        case 6..<9: values[flag: .bookerPrize] = nil
        default: break
        }
        return String(decoding: values.json, as: UTF8.self)
    }

    /// What the step does or why not, without ids of authors.
    private func result(_ step: Step, _ mirror: Mirror, _ store: any Store, at now: Int64) async -> String {
        do {
            return try await perform(step, mirror, store, at: now)
        } catch StoreError.authorExists {
            return "exists"
        } catch StoreError.undoConflict(let obstacles, let count) {
            return "conflict \(count) \(obstacles.map { "\($0.name) \($0.book) \($0.reason.prefix(30))" })"
        } catch {
            return "\(error)"
        }
    }

    private func perform(_ step: Step, _ mirror: Mirror, _ store: any Store, at now: Int64) async throws -> String {
        switch step {
        case .create(let draft):
            return "\(try await store.create(draft, at: now).version)"
        case .update(let event, let patch):
            let (author, isChanged) = try await store.updateAuthor(
                id: try id(event, mirror, store), owner: 1, from: nil, patch, ifVersion: { _ in true },
                at: Timestamp(milliseconds: now))
            return "\(author.name) \(author.version) \(isChanged)"
        case .delete(let event):
            return try await store.deleteAuthor(
                id: try id(event, mirror, store), owner: 1, from: nil, ifVersion: { _ in true },
                at: Timestamp(milliseconds: now)
            ).name
        case .lines(let text, let options, let id):
            return "\(try await store.importLines(text, options, import: id, at: now).map(shown))"
        case .file(let text, let options, let id):
            let report = try await store.importFile(text, options, import: id, at: now)
            let counts = "\(report.lines) \(report.failed) \(report.changes) \(report.isConflict)"
            return
                "\(counts) \(report.faults.map(shown)) \(options.atomic && report.failed > 0 ? [] : try report.list.map(shown))"
        case .undo(var request):
            request.event = try request.event.map { try "\(mirror.epoch(store))-\($0)" }
            var report = try await store.undo(request, at: now)
            report.eventID = String(report.eventID.dropFirst(16))
            let changes = report.changes.map { "\($0.event) \($0.author.name) \($0.author.version)" }
            return "\(report.message) \(report.eventID) \(report.undone) \(report.skipped) \(changes)"
        case .prune:
            try await store.pruneHistory(onlyChanged: false, at: Timestamp(milliseconds: now))
            return ""
        }
    }

    private func shown(_ result: BulkResult) -> String {
        "\(result.line) \(result.outcome) \(result.id != nil) \(result.code ?? "") \(result.message ?? "") \(result.existingID != nil)"
    }

    /// The author of an event.
    private func id(_ event: Int64, _ mirror: Mirror, _ store: any Store) throws -> Int64 {
        let columns = ["owner", "sequence", "id"]
        let rows =
            try store is SQLiteStore
            ? mirror.sqlite.rows(.authorEvent, columns) : mirror.library.rows(.authorEvent, columns)
        return rows.first { $0[1] == "\(event)" }.flatMap { Int64($0[2]) } ?? 0
    }
}
