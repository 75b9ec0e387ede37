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
                "token", "token_type", "expires_in", "expires_at", "refresh_token", "refresh_expires_at",
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
}
