import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// Which events are kept, in both engines.
struct PruningTests {
    private static let day: Int64 = 86400 * 1000

    private func create(_ mirror: Mirror, owner: Int64, _ numbers: Range<Int64>) async throws {
        for store in [mirror.sqlite, mirror.postgres] as [any Store] {
            for number in numbers {
                let draft = AuthorDraft(name: "N\(number)", book: "B", country: "C", bookerPrize: false)
                _ = try await store.create(draft, owner: owner, at: Self.day * number)
            }
        }
    }

    private func prune(_ mirror: Mirror, onlyChanged: Bool = false, at now: Int64) async throws {
        for store in [mirror.sqlite, mirror.postgres] as [any Store] {
            try await store.pruneHistory(onlyChanged: onlyChanged, at: Timestamp(milliseconds: now))
        }
        let columns = ["owner", "sequence"]
        #expect(try mirror.library.rows(.authorEvent, columns) == mirror.sqlite.rows(.authorEvent, columns))
    }

    @Test func tooManyAreDeleted() async throws {
        let mirror = try await Mirror(users: 3, history: HistoryLimit(events: 4))
        let text = (0..<2500).map { #"{"name":"M\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
        _ = await mirror.both { try await $0.importLines(text, owner: 1, at: 1) }
        try await create(mirror, owner: 2, 0..<4)
        try await create(mirror, owner: 3, 0..<6)
        try await prune(mirror, onlyChanged: true, at: 1)
        #expect(try mirror.library.rows(.authorEvent, ["sequence"]).count == 12)
        try await prune(mirror, at: 1)
        try await create(mirror, owner: 2, 4..<6)
        try await prune(mirror, onlyChanged: true, at: 1)
        try mirror.check("pruned", isSameID: true)
    }

    @Test func theOldAreDeletedButTheLast() async throws {
        let mirror = try await Mirror(users: 2, history: HistoryLimit(events: 100, age: TimeSpan(seconds: 3 * 86400)))
        try await create(mirror, owner: 1, 1..<10)
        try await create(mirror, owner: 2, 1..<4)
        try await prune(mirror, at: 10 * Self.day)
        #expect(
            try mirror.library.rows(.authorEvent, ["owner", "sequence"]) == [
                ["1", "7"], ["1", "8"], ["1", "9"], ["2", "3"],
            ])
    }

    /// A clock that is years ahead for a while deletes nothing.
    @Test func theTimeIsTrustedSlowly() async throws {
        let mirror = try await Mirror(history: HistoryLimit(events: 100, age: TimeSpan(seconds: 3 * 86400)))
        try await create(mirror, owner: 1, 1..<4)
        try await prune(mirror, at: 3 * Self.day)
        try await prune(mirror, at: 4000 * Self.day)
        #expect(try mirror.library.rows(.authorEvent, ["sequence"]).count == 3)
        // The database has the time, for another daemon.
        try await create(mirror, owner: 1, 4..<7)
        try await prune(mirror, at: 3 * Self.day)
    }

    /// Whoever asks for changes only is not told of those that were deleted.
    @Test func pruningIsNoChange() async throws {
        let mirror = try await Mirror(history: HistoryLimit(events: 2))
        try await create(mirror, owner: 1, 1..<5)
        try await prune(mirror, onlyChanged: true, at: 1)
        #expect(mirror.postgres.changes.takeChanged() == [])
    }
}
