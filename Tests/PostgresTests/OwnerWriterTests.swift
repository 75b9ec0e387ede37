import Dispatch
import LibraryStore
import Shared
import TestSupport
import Testing

@testable import LibraryPostgres

/// Writes of one owner that come at the same time, many of them in one transaction.
struct OwnerWriterTests {
    private func draft(_ name: String) -> AuthorDraft {
        AuthorDraft(name: name, book: "B", country: "C", bookerPrize: false)
    }

    @Test func oneThatFailsHarmsNoOther() async throws {
        let library = try await TestStore()
        let store = library.store
        try await store.createUser(
            publicID: "p", name: "ada", passwordHash: "h", as: nil, by: .operator, at: library.now())
        let taken = try await store.createAuthor(draft("taken"), owner: 1, at: library.now())
        let used = IdempotentRequest("k", "author", content: [1])
        _ = try await store.createAuthor(draft("keyed"), owner: 1, as: used, at: library.now())
        let outcomes = await withTaskGroup(of: (Int, Result<Author, any Error>).self) { group in
            for number in 0..<300 {
                group.addTask {
                    let other = IdempotentRequest("k", "author", content: [2])
                    do {
                        let author = try await store.createAuthor(
                            draft(number % 10 == 3 ? "taken" : "N\(number)"), owner: 1,
                            as: number % 10 == 7 ? other : number % 10 == 5 ? used : nil, at: library.now())
                        return (number, .success(author))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for (number, outcome) in outcomes {
            switch (number % 10, outcome) {
            case (3, .failure(let error)): #expect(error as? StoreError == .authorExists(id: taken.id))
            case (7, .failure(let error)): #expect(error as? StoreError == .keyReused)
            case (5, .success(let author)): #expect(author.name == "keyed")
            case (3, _), (7, _), (5, _): Issue.record("\(number): \(outcome)")
            case (_, .success(let author)): #expect(author.name == "N\(number)")
            case (_, .failure(let error)): Issue.record("\(number): \(error)")
            }
        }
        #expect(try await store.lastEvent(owner: 1).sequence == 2 + 210)
        #expect(try await store.inspect().faults == [])
    }

    private func libraryOfAda() async throws -> TestStore {
        let library = try await TestStore()
        try await library.store.createUser(
            publicID: "p", name: "ada", passwordHash: "h", as: nil, by: .operator, at: library.now())
        return library
    }

    /// Writes that come while a transaction is at work are in the next one; or each in its own, if the server refuses
    /// one.
    @Test(arguments: [false, true]) func authorsAreCreatedTogetherAsInTurn(isRefused: Bool) async throws {
        let library = try await libraryOfAda()
        let store = library.store
        _ = try await store.createAuthor(draft("taken"), owner: 1, at: library.now())
        let kept = try #require(IdempotentRequest("kept", "author", content: [1]))
        _ = try await store.createAuthor(draft("kept"), owner: 1, as: kept, at: library.now())
        let entered = AsyncStream.makeStream(of: Void.self)
        let leave = DispatchSemaphore(value: 0)
        let before = Task {
            try await store.write(owner: 1) { _ in
                entered.continuation.finish()
                leave.wait()
            }
        }
        for await _ in entered.stream {}
        let key = IdempotentRequest("k", "author", content: [2])
        let requests: [(name: String, request: IdempotentRequest?)] = [
            ("a", nil), ("taken", nil), ("b", key), ("b", key), ("c", IdempotentRequest("k", "author", content: [3])),
            ("kept", kept), ("a", nil), ("d", IdempotentRequest("other", "author", content: [4])),
            (isRefused ? "\0" : "taken", nil), ("f", nil),
        ]
        let tasks = requests.enumerated().map { number, request in
            let outcomes = AsyncStream.makeStream(of: Result<Author, any Error>.self)
            store.createAuthor(
                draft(request.name), owner: 1, from: nil, as: request.request, at: library.now(Int64(number))
            ) {
                outcomes.continuation.yield($0)
                outcomes.continuation.finish()
            }
            return outcomes.stream
        }
        leave.signal()
        try await before.value
        var outcomes: [String] = []
        for task in tasks {
            for await outcome in task {
                switch outcome {
                case .success(let author): outcomes.append(author.name)
                case .failure(let error): outcomes.append("\((error as? StoreError)?.code.rawValue ?? "\(error)")")
                }
            }
        }
        let rows = try library.connect().rows(
            """
            SELECT e.sequence || ' ' || a.name || ' ' || e.at || ' ' || a.created_at
            FROM author_event AS e JOIN author AS a USING (owner, id) WHERE e.sequence > 2 ORDER BY e.sequence
            """, []
        ) { try $0.text(0) }
        #expect(
            outcomes == [
                "a", "author_exists", "b", "b", "idempotency_key_reused", "kept", "author_exists", "d",
                isRefused ? "internal_error" : "author_exists", "f",
            ])
        #expect(rows == ["3 a 0 0", "4 b 2 2", "5 d 7 7", "6 f 9 9"])
        let transactions = try library.connect().rows(
            "SELECT count(DISTINCT write) FROM author_event WHERE sequence > 2", []
        ) { try $0.integer(0) }
        #expect(transactions == [isRefused ? 4 : 1])
        #expect(try await store.inspect().faults == [])
    }

    /// Changes, deletions and creations in one transaction, some of which are refused.
    @Test func allKindsOfWritesShareATransaction() async throws {
        let library = try await libraryOfAda()
        let store = library.store
        let change: @Sendable (Int64, AuthorField, String) async throws -> Void = { id, field, text in
            var values = AuthorValues()
            values[text: field] = text
            _ = try await store.updateAuthor(
                id: id, owner: 1, from: nil, AuthorPatch(values), ifVersion: { _ in true }, at: library.now(2))
        }
        for number in 1...60 { _ = try await store.createAuthor(draft("N\(number)"), owner: 1, at: library.now()) }
        let refusals = await withTaskGroup(of: StoreError?.self) { group -> [StoreError] in
            for id in Int64(1)...60 {
                group.addTask {
                    do {
                        switch id % 4 {
                        case 0:
                            _ = try await store.deleteAuthor(
                                id: id, owner: 1, from: nil, ifVersion: { _ in true }, at: library.now(2))
                        // Another author has that name.
                        case 1: try await change(id, .name, "N2")
                        case 2: try await change(id, .country, "D")
                        default:
                            _ = try await store.createAuthor(draft("M\(id)"), owner: 1, at: library.now(2))
                        }
                        return nil
                    } catch {
                        return error as? StoreError
                    }
                }
            }
            var refusals: [StoreError] = []
            for await case let refusal? in group { refusals.append(refusal) }
            return refusals
        }
        #expect(refusals.count == 15)
        #expect(refusals.allSatisfy { $0 == .authorExists(id: 2) })
        #expect(try await store.lastEvent(owner: 1).sequence == 60 + 45)
        let countries = try library.connect().rows(
            "SELECT count(*) FROM author WHERE country = 'D' AND version = 2", []
        ) { try $0.integer(0) }
        #expect(countries == [15])
        #expect(try await store.inspect().faults == [])
    }

    /// A write that the server refuses undoes the group, whose other writes are then performed without it.
    @Test func oneThatTheServerRefusesHarmsNoOther() async throws {
        let library = try await libraryOfAda()
        let store = library.store
        let (added, refused) = await withTaskGroup(of: Bool?.self) { group in
            for number in 0..<100 {
                group.addTask {
                    guard number % 10 == 4 else {
                        return (try? await store.createAuthor(draft("N\(number)"), owner: 1, at: library.now())) != nil
                    }
                    let failure = await #expect(throws: StoreError.self) {
                        try await store.write(owner: 1) { change in
                            _ = change.nextEvent()
                            try change.connection.run("SELECT 1 / 0")
                        }
                    }
                    #expect(failure?.code == .internalError)
                    return nil
                }
            }
            return await group.reduce(into: (0, 0)) { if $1 == true { $0.0 += 1 } else if $1 == nil { $0.1 += 1 } }
        }
        #expect(added == 90 && refused == 10)
        #expect(try await store.lastEvent(owner: 1).sequence == 90)
        #expect(try await store.inspect().faults == [])
    }

    @Test func tooManyOfOneOwnerAreRefused() {
        let writer = OwnerWriter()
        let write = OwnerWriter.Write(
            pending: PendingWrite { _ in
            } completion: { _ in
            })
        let now = ContinuousClock.now
        func append(_ owner: Int64, seconds: Int = 8) -> OwnerWriter.Place {
            writer.append(write, owner: owner, until: now + .seconds(seconds))
        }
        #expect(append(1) == .first)
        for number in 0..<511 { #expect(append(1, seconds: number % 100) == .queued) }
        #expect(append(1) == .refused)
        #expect(append(2) == .first)
        #expect(writer.count == 513)
        let first = writer.takeGroup(owner: 1)
        // The first of the ends is that of the group.
        #expect(first?.writes.count == 64 && first?.end == now)
        #expect(append(1) == .queued)
        var left = 0
        while let group = writer.takeGroup(owner: 1) { left += group.writes.count }
        #expect(left == 449)
        #expect(append(1) == .first)
    }
}
