import Shared
import Testing

@testable import LibraryPostgres
@testable import LibraryStore

/// The server takes no text with NUL: such a text finds nothing, and cuts nothing off.
@Suite(.serialized) struct NULTests {
    private func library() async throws -> Twins {
        let twins = try await Twins()
        for (index, name) in ["abc", "abcdef", "abd"].enumerated() {
            try await twins.create(AuthorDraft(name, name, name), at: Int64(index + 1))
        }
        return twins
    }

    @Test func aFilterFindsNothing() async throws {
        let twins = try await library()
        for text in ["abc\0def", "abc\0", "\0", "\0abc"] {
            for field in AuthorField.texts {
                for point in [nil, HistoryPoint.time(Twins.time(2))] {
                    var query = AuthorQuery(at: point)
                    query.values[text: field] = text
                    #expect(try await twins.list(query).isEmpty)
                }
            }
        }
    }

    @Test func aCursorFindsNothing() async throws {
        let twins = try await library()
        for sort in AuthorSort.every where sort.field.kind == .text {
            for point in [nil, HistoryPoint.time(Twins.time(2))] {
                var event: EventPosition?
                if let point { event = try await twins.postgres.position(of: point, owner: 1) }
                let values = sort.fields.map { _ in ColumnValue.text("ab\0") }
                let cursor = Cursor(sort: sort, id: 0, values: values, event: event).text
                let query = AuthorQuery(sort, after: cursor, at: point)
                #expect(try await twins.postgres.authors(query, owner: 1, Dump.page) == Dump.Page())
            }
        }
    }

    /// NUL separates words, as all control characters.
    @Test func aSearchTakesItForASpace() async throws {
        let twins = try await library()
        for (search, count) in [("abc\0def", 0), ("\0", 0), ("abc\0", 2), ("\0abd", 1), ("ab\0abcd", 1)] {
            for point in [nil, HistoryPoint.time(Twins.time(3))] {
                #expect(try await twins.list(AuthorQuery(search: search, at: point)).count == count, "\(search)")
            }
        }
    }
}
