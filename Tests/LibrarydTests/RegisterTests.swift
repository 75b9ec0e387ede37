import Shared
import TestSupport
import Testing

@Suite(.serialized) struct RegisterTests {
    @Test func answersWithTheTutorialsWords() async throws {
        let library = try await TestLibrary()
        let reply = try await library.post("/register", #"{"name":"ada","password":"correct horse"}"#)
        #expect(reply.status == 201)
        let registered = try Registered(json: reply.body, unknownMembers: .rejected)
        #expect(registered.message == "registered successfully")
        #expect(registered.name == "ada")
        // The first user is no admin either.
        #expect(registered.admin == false)
        #expect(registered.publicID.utf8.count == 36)
        #expect(!reply.text.contains("correct horse"))
    }

    @Test(arguments: ["ada", "ADA", "aDa"])
    func aNameIsTakenOnce(name: String) async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let reply = try await library.post("/register", #"{"name":"\#(name)","password":"correct horse"}"#)
        #expect(reply.status == 409)
        #expect(reply.code == "name_taken")
    }

    /// Names that look like another name, or like none: spaces, zero width, other alphabets, marks, directions.
    @Test(arguments: [
        "ada ", " ada", "a da", "ada\u{200B}", "ada\u{FEFF}", "\u{430}da", "\u{FF41}da", "ad\u{E1}", "a\u{301}da",
        "ada\u{202E}",
        "ada\u{0}", "ada\n", ".ada", "-ada", "@", "a:b", "a/b", "", String(repeating: "a", count: 65),
    ])
    func aNameThatLooksLikeAnotherIsRefused(name: String) async throws {
        let library = try await TestLibrary()
        let reply = try await library.send(
            "POST", "/register", headers: [("Content-Type", "application/json")],
            body: Registration(name: name, password: "correct horse").json)
        #expect(reply.status == 422)
        #expect(try reply.problem.errors.map(\.field) == ["name"])
        #expect(try await library.send("POST", "/login", headers: [basic(name, "correct horse")]).status == 401)
    }

    /// Also with a body that is not right, and with the key of an earlier registration.
    @Test(arguments: [
        #"{"name":"bob","password":"correct horse"}"#, "{", #"{"name":"ada","password":"correct horse"}"#,
    ])
    func aClosedRegistrationIsSaidToBe(body: String) async throws {
        let folder = TemporaryFolder()
        let key = [("Idempotency-Key", "k")]
        do {
            let open = try await TestLibrary(folder: folder)
            let ada = #"{"name":"ada","password":"correct horse"}"#
            #expect(try await open.post("/register", ada, headers: key).status == 201)
        }
        let library = try await TestLibrary(folder: folder, isRegistrationOpen: false)
        let reply = try await library.post("/register", body, headers: key)
        #expect(reply.status == 403)
        #expect(reply.code == "registration_closed")
        #expect(
            try reply.problem.detail
                == "registration is closed; an operator creates accounts: libraryd user add NAME")
        #expect(try library.count("user") == 1)
        #expect(try await library.send("POST", "/login", headers: [basic("ada", "correct horse")]).status == 200)
    }

    @Test func allFaultsAreTold() async throws {
        let library = try await TestLibrary()
        let reply = try await library.post("/register", #"{"name":" ada","password":"short"}"#)
        #expect(reply.status == 422)
        #expect(try reply.problem.errors.map(\.field) == ["name", "password"])
        #expect(try reply.problem.errors.map(\.code) == [.invalid, .tooShort])
    }

    @Test(arguments: [
        ("", 400, "invalid_json"), ("null", 422, "invalid_fields"), ("[]", 422, "invalid_fields"),
        (#"{"name":"ada","password":"correct horse",}"#, 400, "invalid_json"),
        (#"{"name":"ada","name":"bob","password":"correct horse"}"#, 400, "invalid_json"),
        (#"{"name":"ada","password":"correct horse","admin":true}"#, 422, "invalid_fields"),
        (#"{"name":"ada","password":9223372036854775808}"#, 422, "invalid_fields"),
        (#"{"name":"ada","password":1e400}"#, 400, "invalid_json"),
        (#"{"name":"ada","password":"\ud800aaaaaaaa"}"#, 400, "invalid_json"),
        (#"{"name":"ada","password":"with\u0000nul"}"#, 422, "invalid_fields"),
        ("\u{FEFF}{}", 400, "invalid_json"), (#"{"name":"ada"}"#, 422, "invalid_fields"),
        (String(repeating: "[", count: 60_000), 400, "invalid_json"),
        ("{" + (0..<4000).map { #""k\#($0)":1"# }.joined(separator: ",") + "}", 422, "invalid_fields"),
        (#"{"name":"\#(String(repeating: "a", count: 70_000))"}"#, 413, "body_too_large"),
    ])
    func badBodiesAreRefused(body: String, status: Int, code: String) async throws {
        let library = try await TestLibrary()
        let reply = try await library.post("/register", body)
        #expect(reply.status == status)
        #expect(reply.code == code)
    }

    @Test(arguments: [
        [("Content-Type", "application/x-www-form-urlencoded")], [("Content-Type", "text/plain")],
        [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
    ])
    func otherMediaTypesAreRefused(headers: [(String, String)]) async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("POST", "/register", headers: headers, body: Array("{}".utf8))
        #expect(reply.status == 415)
        #expect(reply.code == "unsupported_media_type")
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/JSON"])
    func jsonIsAcceptedHoweverItIsSpelt(type: String) async throws {
        let library = try await TestLibrary()
        let reply = try await library.send(
            "POST", "/register", headers: [("Content-Type", type)],
            body: Array(#"{"name":"ada","password":"correct horse"}"#.utf8))
        #expect(reply.status == 201)
    }
}
