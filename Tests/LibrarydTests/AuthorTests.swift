import Shared
import TestSupport
import Testing

@Suite(.serialized) struct AuthorTests {
    @Test(arguments: ["/author", "/authors"])
    func isCreated(path: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.post(
            path, #"{"name":" Hilary Mantel ","book":"Wolf Hall","country":"UK","booker_prize":true}"#,
            headers: [("x-access-tokens", token)])
        #expect(reply.status == 201)
        #expect(reply.header("location") == "/authors/1")
        #expect(reply.header("etag") == "\"1-1\"")
        let now = library.time.now
        let author = Author(
            id: 1, name: "Hilary Mantel", book: "Wolf Hall", country: "UK", bookerPrize: true, createdAt: now,
            updatedAt: now, version: 1)
        #expect(
            try AuthorReply(json: reply.body, unknownMembers: .rejected) == AuthorReply("new author created", author))
        let shown = try await library.send("GET", "/authors/1", headers: [bearer(token)])
        #expect(shown.body == author.json)
        #expect(shown.header("etag") == "\"1-1\"")
    }

    @Test(.onSQLite("ids have no gaps")) func oneAuthorMayHaveManyBooksButEachOnce() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("Hilary Mantel", "Wolf Hall", as: token)
        #expect(try await library.create("Hilary Mantel", "Bring Up the Bodies", as: token).id == 2)
        // Text is stored in Normalization Form C and trimmed, so this is the same text.
        let reply = try await library.post(
            "/authors", #"{"name":"Hilary Mantel ","book":" Wolf Hall","country":"elsewhere"}"#,
            headers: [bearer(token)])
        #expect(reply.status == 409)
        #expect(reply.code == "author_exists")
        #expect(try reply.problem.existingID == 1)
        // Another user may have the same author.
        let other = try await library.login("bob").token
        #expect(try await library.create("Hilary Mantel", "Wolf Hall", as: other).id == 3)
    }

    @Test func decomposedTextIsTheSameText() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        #expect(try await library.create("Andre\u{301}", "X", as: token).name.unicodeScalars.count == 5)
        let reply = try await library.post(
            "/authors", "{\"name\":\"Andr\u{E9}\",\"book\":\"X\",\"country\":\"Y\"}", headers: [bearer(token)])
        #expect(reply.code == "author_exists")
    }

    @Test func idsAreNeverUsedAgain() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        #expect(try await library.create("A", "1", as: token).id == 1)
        _ = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        #expect(try await library.create("A", "1", as: token).id == 2)
    }

    @Test(arguments: [
        "0", "-1", "2", "01", "+1", "1.0", "1e0", "１", "9223372036854775807", "9223372036854775808",
        "18446744073709551617", String(repeating: "1", count: 4096), "%32", "%2e%2e", "%00", "abc", "1%20", "1;x",
    ])
    func whatIsNoIdOfMineIsNotFound(id: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        let reply = try await library.send("GET", "/authors/\(id)", headers: [bearer(token)])
        #expect(reply.status == 404)
        #expect(reply.code == "author_not_found")
    }

    @Test func aChangeTouchesOnlyWhatItNames() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let before = try await library.create("Hilary Mantel", "Wolf Hall", prize: true, as: token)
        library.time.advance(seconds: 5)
        let reply = try await library.patch(1, #"{"country":"England"}"#, as: token)
        #expect(reply.status == 200)
        #expect(reply.header("etag") == "\"1-2\"")
        let after = Author(
            id: 1, name: before.name, book: before.book, country: "England", bookerPrize: true,
            createdAt: before.createdAt, updatedAt: library.time.now, version: 2)
        #expect(try AuthorReply(json: reply.body, unknownMembers: .rejected) == AuthorReply("author updated", after))
    }

    @Test(arguments: [
        ("{}", "empty"), (#"{"country":""}"#, "empty"), (#"{"contry":"x"}"#, "unknown_field"),
        (#"{"country":null}"#, "wrong_type"), (#"{"booker_prize":"yes"}"#, "wrong_type"),
        (#"{"id":5}"#, "unknown_field"), (#"{"country":"a\u0007b"}"#, "control_character"),
    ])
    func aChangeThatIsNotRightIsRefused(body: String, code: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let before = try await library.create("Hilary Mantel", "Wolf Hall", as: token)
        let reply = try await library.patch(1, body, as: token)
        #expect(reply.status == 422)
        #expect(try reply.problem.errors.first?.code.rawValue == code)
        #expect(try await library.send("GET", "/authors/1", headers: [bearer(token)]).body == before.json)
    }

    @Test func aChangeIntoAnotherAuthorIsAConflict() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "1", as: token)
        let second = try await library.create("A", "2", as: token)
        let reply = try await library.patch(2, #"{"book":"1"}"#, as: token)
        #expect(reply.status == 409)
        #expect(try reply.problem.existingID == 1)
        #expect(try await library.send("GET", "/authors/2", headers: [bearer(token)]).body == second.json)
    }

    @Test func deletionAnswersWhatWasDeleted() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let author = try await library.create("A", "1", as: token)
        let reply = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        #expect(reply.status == 200)
        #expect(try AuthorReply(json: reply.body, unknownMembers: .rejected) == AuthorReply("Author deleted", author))
        let again = try await library.send("DELETE", "/authors/1", headers: [bearer(token)])
        #expect(again.status == 404)
        #expect(try again.problem.message == "author does not exist")
    }

    @Test(arguments: [
        ("\"1-1\"", true), ("*", true), ("\"1-2\", \"1-1\"", true), ("\"1-2\"", false), ("W/\"1-1\"", false),
        ("\"2-1\"", false), ("1-1", false), ("\"1-01\"", false), ("\"\"", false), ("", false), (", ,", false),
        ("\"1-99999999999999999999\"", false), ("\"1-1 OR 1=1\"", false),
    ])
    func ifMatchDecides(tag: String, matches: Bool) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let before = try await library.create("A", "1", as: token)
        let headers = [bearer(token), ("If-Match", tag)]
        let patch = try await library.patch(1, #"{"country":"X"}"#, headers: [("If-Match", tag)], as: token)
        #expect(patch.status == (matches ? 200 : 412))
        if matches { return }
        #expect(patch.code == "precondition_failed")
        #expect(try await library.send("DELETE", "/authors/1", headers: headers).status == 412)
        #expect(try await library.send("GET", "/authors/1", headers: [bearer(token)]).body == before.json)
    }

    @Test func eightAtOnceMakeOne() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await library.post(
                        "/authors", #"{"name":"A","book":"1","country":"C"}"#, headers: [bearer(token)]
                    ).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
    }
}
