import Shared
import TestSupport
import Testing

/// Requests that the origin tutorial takes and this API would not need.
@Suite(.serialized) struct TutorialRequestTests {
    /// The tutorial reads the list with `POST` too.
    @Test func aPostWithNothingReadsTheList() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        let list = try await library.send("GET", "/authors", headers: [bearer(token)])
        for length in [[], [("Content-Length", "0")]] {
            let reply = try await library.send("POST", "/authors", headers: [bearer(token)] + length)
            #expect(reply.status == 200)
            #expect(reply.body == list.body)
            #expect(reply.header("etag") == list.header("etag"))
        }
        #expect(try await library.send("POST", "/authors").code == "token_missing")
    }

    /// Whoever meant to add something is told that nothing was added.
    @Test(
        arguments: [
            ("/authors", [("Content-Type", "application/json")], "invalid_json"),
            ("/authors", [("Content-Type", "text/csv")], "invalid_fields"),
            ("/authors", [("Idempotency-Key", "k")], "unsupported_media_type"),
            ("/authors?", [], "unsupported_media_type"), ("/authors?atomic=true", [], "unsupported_media_type"),
            ("/author", [], "unsupported_media_type"),
            ("/authors", [("Content-Encoding", "gzip")], "unsupported_media_type"),
        ] as [(String, [(String, String)], String)])
    func aPostOfNothingElseIsRefused(path: String, headers: [(String, String)], code: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        #expect(try await library.send("POST", path, headers: [bearer(token)] + headers).code == code)
    }

    @Test func aBodyThatIsMissingIsSaidToBe() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.post("/authors", "", headers: [bearer(token)])
        #expect(try reply.problem.detail == "the body is not valid JSON: the text is empty at byte 0")
    }

    /// One author is read strictly, and the message says what is taken.
    @Test(arguments: [#""True""#, #""true""#, "1"]) func aFlagIsTrueOrFalse(value: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.post(
            "/authors", #"{"name":"A","book":"B","country":"C","booker_prize":\#(value)}"#, headers: [bearer(token)])
        #expect(reply.status == 422)
        #expect(try reply.problem.errors.map { "\($0.field) \($0.message)" } == ["booker_prize must be true or false"])
    }
}
