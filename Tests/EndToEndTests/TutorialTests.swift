import Foundation
import Shared
import TestSupport
import Testing

/// The calls of the origin tutorial, with plain curl.
@Suite(.serialized) struct TutorialTests {
    @Test func workUnchanged() async throws {
        let daemon = try await Daemon()
        func curl(_ arguments: String...) async throws -> [JSONValue.Member] {
            let path = try #require(arguments.last)
            let result = try await Program.run(
                "/usr/bin/curl", ["-sS"] + arguments.dropLast() + [daemon.address + path])
            guard case .object(let members) = try JSONValue(parsing: Array(result.output.utf8)) else {
                throw Missing(what: "an object in '\(result.output)' \(result.error)")
            }
            return members
        }
        let json = "Content-Type: application/json"

        let registered = try await curl("-H", json, "-d", #"{"name":"ada","password":"correct horse"}"#, "/register")
        #expect(registered.map(\.name) == ["message", "public_id", "name", "admin"])
        #expect(registered.first?.value == .string("registered successfully"))

        let login = try await curl("-u", "ada:correct horse", "/login")
        #expect(
            login.map(\.name) == [
                "token", "token_type", "expires_in", "expires_at", "refresh_token", "refresh_expires_at", "daemon",
                "public_id", "proof_key",
            ])
        guard case .string(let token)? = login.first?.value else { throw Missing(what: "a token") }
        let header = "x-access-tokens: \(token)"

        let created = try await curl(
            "-H", header, "-H", json, "-d",
            #"{"name":"Hilary Mantel","book":"Wolf Hall","country":"UK","booker_prize":true}"#, "/author")
        #expect(created.map(\.name) == ["message", "author"])
        #expect(created.first?.value == .string("new author created"))

        let list = try await curl("-H", header, "/authors")
        #expect(list.map(\.name) == ["list_of_authors", "next"])
        guard case .array(let authors)? = list.first?.value, case .object(let author)? = authors.first else {
            throw Missing(what: "an author")
        }
        #expect(author.map(\.name) == Author.fieldNames)

        let deleted = try await curl("-X", "DELETE", "-H", header, "/authors/1")
        #expect(deleted.first?.value == .string("Author deleted"))
        let missing = try await curl("-X", "DELETE", "-H", header, "/authors/1")
        #expect(missing.contains(.init(name: "message", value: .string("author does not exist"))))
        let noToken = try await curl("/authors")
        #expect(noToken.contains(.init(name: "message", value: .string("a valid token is missing"))))
        let wrong = try await curl("-u", "ada:wrong horse", "/login")
        #expect(wrong.contains(.init(name: "message", value: .string("could not verify"))))
    }

    /// The table in README, row by row: what a client of the tutorial must change.
    @Test func itsClientsMustChangeThis() async throws {
        let daemon = try await Daemon()
        func curl(_ method: String, _ path: String, _ body: String? = nil, _ headers: String...) async throws -> (
            status: Int, body: String
        ) {
            let fields = headers + (body == nil ? [] : ["Content-Type: application/json"])
            let result = try await Program.run(
                "/usr/bin/curl",
                ["-s", "-w", "\n%{http_code}", "-X", method, daemon.address + path]
                    + fields.flatMap { ["-H", $0] } + (body.map { ["-d", $0] } ?? []))
            let lines = result.output.components(separatedBy: "\n")
            return (try require(lines.last.flatMap { Int($0) }), lines.dropLast().joined(separator: "\n"))
        }
        let ada = #"{"name":"ada","password":"correct horse"}"#
        #expect(try await curl("GET", "/register", ada).status == 405)
        #expect(try await curl("POST", "/register", ada).status == 201)
        #expect(try await curl("POST", "/register", ada).status == 409)
        #expect(try await curl("POST", "/register", #"{"name":"bob","password":"short"}"#).status == 422)
        #expect(try await curl("POST", "/register", #"{"name":"bob","password":"password"}"#).status == 422)
        let home = TemporaryFolder()
        let login = try await daemon.libctl("login", "ada", "--password-stdin", home: home, input: "correct horse")
        #expect(login.code == 0, "\(login.error)")
        let token = "x-access-tokens: " + (try await daemon.libctl("token", home: home)).output.dropLast()

        let author = #"{"name":"Hilary Mantel","book":"Wolf Hall","country":"UK"}"#
        let typeless = try await Program.run(
            "/usr/bin/curl",
            ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", token, "-d", author, daemon.address + "/author"])
        #expect(typeless.output == "415")
        #expect(try await curl("GET", "/author", author, token).status == 405)
        let created = try await curl("POST", "/author", author, token)
        #expect(created.status == 201)
        #expect(created.body.contains(#""booker_prize":false"#))
        #expect(try await curl("POST", "/author", author, token).status == 409)
        let another = author.replacingOccurrences(of: "Wolf Hall", with: "Bring Up the Bodies")
        #expect(try await curl("POST", "/authors", another, token).status == 201)
        let text = author.dropLast() + #","booker_prize":"True"}"#
        #expect(try await curl("POST", "/authors", String(text), token).status == 422)
        #expect(try await curl("POST", "/authors", nil, token).body.contains("list_of_authors"))
        #expect(try await curl("GET", "/authors?limit=1", nil, token).body.contains(#"{"list_of_authors":[{"id":1,"#))
        #expect(try await curl("GET", "/authors").status == 401)
        #expect(try await curl("DELETE", "/authors/99", nil, token).status == 404)
        #expect(try await curl("GET", "/users", nil, token).status == 403)
        #expect(try await curl("GET", "/user", nil, token).status == 404)
        #expect(try await daemon.libctl("whoami", home: home).code == 0)
    }
}
