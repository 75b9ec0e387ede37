import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// An update by a file leaves a field unchanged if the line does not give the field.
@Suite(.serialized) struct AbsentFieldTests {
    private static let update = "?on_conflict=update"

    private func filled() async throws -> (TestLibrary, String) {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("Ann Able", "One", country: "UK", prize: true, as: token)
        return (library, token)
    }

    @Test(
        arguments: [
            ("text/csv", "name,book,country\nAnn Able,One,UK\n", "unchanged", "UK true 1"),
            ("text/csv", "name,book,country\nAnn Able,One,X\n", "updated", "X true 2"),
            ("text/csv", "name,book\nAnn Able,One\n", "unchanged", "UK true 1"),
            ("text/csv", "name,book,country,booker_prize\nAnn Able,One, ,\n", "unchanged", "UK true 1"),
            ("text/csv", "name,book,country,booker_prize\nAnn Able,One,,no\n", "updated", "UK false 2"),
            ("text/csv", "name,book,booker_prize\nAnn Able,One,no\n", "updated", "UK false 2"),
            ("application/x-ndjson", #"{"name":"Ann Able","book":"One"}"#, "unchanged", "UK true 1"),
            ("application/x-ndjson", #"{"name":"Ann Able","book":"One","country":"X"}"#, "updated", "X true 2"),
            (
                "application/x-ndjson", #"{"name":"Ann Able","book":"One","country":null,"booker_prize":null}"#,
                "unchanged", "UK true 1"
            ),
            ("application/x-ndjson", #"{"name":"Ann Able","book":"One","country":""}"#, "unchanged", "UK true 1"),
            (
                "application/x-ndjson", #"{"name":"Ann Able","book":"One","booker_prize":false}"#, "updated",
                "UK false 2"
            ),
        ], ["", "&atomic=true", "&default_country=Unknown"])
    func anUpdateChangesWhatTheLineSays(
        _ test: (type: String, text: String, outcome: String, after: String), more: String
    ) async throws {
        let (library, token) = try await filled()
        let line = test.type == "text/csv" ? 2 : 1
        let reply = try await library.sendFile(test.text, Self.update + more, type: test.type, as: token)
        #expect(try reply.results == ["\(line) \(test.outcome) 1"])
        #expect(try await library.list(as: token) == ["Ann Able One \(test.after)"])
    }

    /// A new author needs a country, from its line or from the default.
    @Test(arguments: [
        ("", "2 failed invalid_fields", []),
        ("&default_country=%20Unknown", "2 created 2", ["Bob Two Unknown false 1"]),
    ])
    func whoIsNewHasACountry(more: String, second: String, added: [String]) async throws {
        let (library, token) = try await filled()
        let text = #"{"name":"Ann Able","book":"One"}"# + "\n" + #"{"name":"Bob","book":"Two"}"#
        let reply = try await library.sendFile(text, Self.update + more, as: token)
        #expect(try reply.results == ["1 unchanged 1", second])
        if added.isEmpty { #expect(reply.text.contains(#""message":"country is required""#)) }
        #expect(try await library.list(as: token) == ["Ann Able One UK true 1"] + added)
    }

    @Test(arguments: ["", "?on_conflict=skip", "?atomic=true"])
    func withoutAnUpdateACountryIsNeeded(query: String) async throws {
        let (library, token) = try await filled()
        let table = try await library.sendFile("name,book\nBob,Two\n", query, type: "text/csv", as: token)
        #expect(table.status == 422)
        #expect(try table.problem.detail == "line 1: the column 'country' is missing")
        let default_ = (query.isEmpty ? "?" : query + "&") + "default_country=Unknown"
        let filled = try await library.sendFile("name,book\nBob,Two\n", default_, type: "text/csv", as: token)
        #expect(try filled.results == ["2 created 2"])
        #expect(try await library.list(as: token).last == "Bob Two Unknown false 1")
    }

    @Test(arguments: ["", "%20", "%07", String(repeating: "x", count: 201), "%E2%80%8B", "a&default_country=b"])
    func aDefaultThatIsNoCountryIsRefused(value: String) async throws {
        let (library, token) = try await filled()
        let reply = try await library.sendFile(
            AccessTests.draft, "?default_country=" + value, as: token)
        #expect(reply.status == 400)
        #expect(try reply.problem.errors.map(\.field) == ["default_country"])
        #expect(try library.count("author") == 1)
    }

    /// Under one key, a line that leaves a field out is another line, and so is another default.
    @Test func whatIsSaidBelongsToTheRequest() async throws {
        let (library, token) = try await filled()
        let text = #"{"name":"N","book":"B","country":"C","booker_prize":false}"#
        #expect(try await library.sendFile(text, Self.update, key: "k", as: token).results == ["1 created 2"])
        #expect(try await library.sendFile(text, Self.update, key: "k", as: token).results == ["1 created 2"])
        for (text, query) in [
            (#"{"name":"N","book":"B","country":"C"}"#, Self.update), (text, Self.update + "&default_country=D"),
        ] {
            #expect(try await library.sendFile(text, query, key: "k", as: token).code == "idempotency_key_reused")
        }
    }
}
