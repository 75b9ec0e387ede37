import LibraryStore
import Shared
import TestSupport
import Testing

@testable import LibraryPostgres

/// Authors that are added at the same time, many of them in one transaction.
struct CreationTests {
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

    @Test func tooManyOfOneOwnerAreRefused() {
        let creations = Creations()
        let creation = Creation(
            draft: draft("N"), origin: nil, request: nil, now: Timestamp(milliseconds: 1), completion: { _ in })
        #expect(creations.append(creation, owner: 1) == .first)
        for _ in 0..<511 { #expect(creations.append(creation, owner: 1) == .queued) }
        #expect(creations.append(creation, owner: 1) == .refused)
        #expect(creations.append(creation, owner: 2) == .first)
        #expect(creations.takeGroup(owner: 1)?.count == 64)
        #expect(creations.append(creation, owner: 1) == .queued)
        var left = 0
        while let group = creations.takeGroup(owner: 1) { left += group.count }
        #expect(left == 449)
        #expect(creations.append(creation, owner: 1) == .first)
    }
}
