import Shared
import TestSupport
import Testing

@testable import LibraryStore

/// Lists in the order of `created_at` or `updated_at`, which are merged of the authors that have not changed and the
/// others.
@Suite(.serialized) struct OrderByTimeTests {
    private let folder = TemporaryFolder()

    private static let orders = [AuthorField.createdAt, .updatedAt].flatMap { field in
        [false, true].map { AuthorSort(field, descending: $0) }
    }

    private func query(_ sort: AuthorSort, limit: Int = 100, after: String? = nil) -> AuthorQuery {
        var query = AuthorQuery()
        (query.sort, query.limit, query.after) = (sort, limit, after)
        return query
    }

    /// Both parts are read from their indexes, and none of them is sorted.
    @Test(arguments: orders, [false, true]) func nothingIsSorted(sort: AuthorSort, isFirst: Bool) throws {
        let store = try SQLiteStore(path: folder.path + "/library.db")
        defer { store.close() }
        let start = isFirst ? nil : Cursor(sort: sort, id: 1, values: [.integer(1)]).text
        let sign = sort.descending ? "<" : ">"
        let places = ["created_at", sort.field.name].map { isFirst ? "" : " AND (\($0),id)\(sign)(?,?)" }
        for lastSeen in [nil, 5] as [Int64?] {
            let statement = try AuthorListStatement(query(sort, after: start), owner: 1, lastSeen: lastSeen)
            let steps = try store.readers.withConnection { try $0.plan(statement.sql, statement.values) }
            #expect(steps.first == "MERGE (UNION ALL)", "\(steps)")
            // The later changes are sorted.
            #expect(steps.filter { $0.contains("TEMP") }.count == (lastSeen == nil ? 0 : 1), "\(steps)")
            #expect(
                steps.filter { $0.contains(" author ") } == [
                    "SEARCH author USING INDEX author_unchanged (owner=?\(places[0]))",
                    "SEARCH author USING INDEX author_\(sort.field.name) (owner=?\(places[1]))",
                ], "\(steps)")
        }
    }

    /// Authors of which many have equal times, and of which some were changed, some of these in the same millisecond.
    @Test func eachOrderIsThatOfTheTimesAndIDs() async throws {
        let store = try SQLiteStore(path: folder.path + "/library.db")
        defer { store.close() }
        try await store.createUser(
            publicID: "p", name: "ada", passwordHash: "h", by: .operator, at: Timestamp(milliseconds: 1))
        var authors: [Int64: Author] = [:]
        for number in 0..<60 {
            // The clock is set back once.
            let time = Timestamp(milliseconds: Int64(number < 30 ? number / 3 : number / 3 - 5))
            let draft = AuthorDraft(name: "\(number)", book: "B", country: "C", bookerPrize: false)
            let author = try await store.createAuthor(draft, owner: 1, at: time)
            authors[author.id] = author
        }
        for id in Int64(1)...60 where id % 2 == 0 || id % 7 == 0 {
            var values = AuthorValues()
            values[text: .book] = "D"
            let time = Timestamp(milliseconds: id % 4 == 0 ? authors[id]?.createdAt.milliseconds ?? 0 : 60 - id)
            let changed = try await store.updateAuthor(
                id: id, owner: 1, AuthorPatch(values), ifVersion: { _ in true }, at: time)
            authors[id] = changed.author
        }
        for id in [3, 14, 60] as [Int64] {
            _ = try await store.deleteAuthor(
                id: id, owner: 1, ifVersion: { _ in true }, at: Timestamp(milliseconds: 70))
            authors[id] = nil
        }
        for sort in Self.orders {
            let ascending = authors.values.map { author in
                (sort.field == .createdAt ? author.createdAt.milliseconds : author.updatedAt.milliseconds, author.id)
            }.sorted { $0 < $1 }.map(\.1)
            let expected = sort.descending ? ascending.reversed() : ascending
            for limit in [1, 2, 7, 100] {
                var ids: [Int64] = []
                var next: String?
                repeat {
                    let page = try store.authorsAtOnce(query(sort, limit: limit, after: next), owner: 1) { rows in
                        var ids: [Int64] = []
                        let next = try rows.forEach { row in
                            let author = authors[row.integer(.id)]
                            #expect(row.integer(.createdAt) == author?.createdAt.milliseconds)
                            #expect(row.integer(.updatedAt) == author?.updatedAt.milliseconds)
                            ids.append(row.integer(.id))
                        }
                        return (ids: ids, next: next)
                    }
                    ids += try #require(page).ids
                    next = page?.next
                } while next != nil && ids.count < 100
                #expect(ids == expected, "\(sort) \(limit)")
            }
        }
    }
}
