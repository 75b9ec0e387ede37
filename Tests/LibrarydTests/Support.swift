import Foundation
import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Short forms of the requests that these tests send.
extension TestLibrary {
    func post(_ path: String, _ body: String, headers: [(String, String)] = []) async throws -> TestReply {
        try await send("POST", path, headers: headers + [("Content-Type", "application/json")], body: Array(body.utf8))
    }

    /// Changes the author of that id.
    func patch(
        _ id: Int, _ body: String, headers: [(String, String)] = [], as token: String
    ) async throws -> TestReply {
        try await send(
            "PATCH", "/authors/\(id)", headers: headers + [bearer(token), ("Content-Type", "application/json")],
            body: Array(body.utf8))
    }

    /// Sends a file of authors.
    func sendFile(
        _ text: String, _ query: String = "", type: String = "application/x-ndjson", key: String? = nil,
        as token: String
    ) async throws -> TestReply {
        let headers = [bearer(token), ("Content-Type", type)] + (key.map { [("Idempotency-Key", $0)] } ?? [])
        return try await send("POST", "/authors" + query, headers: headers, body: Array(text.utf8))
    }

    /// Lines of NDJSON, each with a different author.
    static func lines(_ range: Range<Int>) -> String {
        range.map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n")
    }

    func count(_ table: String) throws -> Int {
        try #require(try sqlite.readers.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") })
    }

    /// Name, book, country, prize and version of each author, at most 1000.
    func list(as token: String) async throws -> [String] {
        try await send("GET", "/authors?limit=1000", headers: [bearer(token)]).page.authors.map {
            "\($0.name) \($0.book) \($0.country) \($0.bookerPrize) \($0.version)"
        }
    }

    /// Creates an API key of the user of the token.
    func key(_ wanted: APIKeyRequest, as token: String) async throws -> CreatedAPIKey {
        let reply = try await post("/keys", String(decoding: wanted.json, as: UTF8.self), headers: [bearer(token)])
        #expect(reply.status == 201, "\(reply.text)")
        return try CreatedAPIKey(json: reply.body, unknownMembers: .rejected)
    }

    /// Registers the user and logs in.
    func login(_ name: String, password: String = "correct horse") async throws -> Login {
        _ = try await post("/register", #"{"name":"\#(name)","password":"\#(password)"}"#)
        let reply = try await send("POST", "/login", headers: [basic(name, password)])
        return try Login(json: reply.body, unknownMembers: .ignored)
    }

    /// The token of a user that an operator has made an admin.
    func adminToken() async throws -> String {
        let token = try await login("admin").token
        try await setAdmin(true, "admin")
        return token
    }

    /// Creates an author and returns it.
    func create(
        _ name: String, _ book: String, country: String = "UK", prize: Bool = false, as token: String
    ) async throws -> Author {
        let draft = AuthorDraft(name: name, book: book, country: country, bookerPrize: prize)
        let reply = try await send(
            "POST", "/authors", headers: [bearer(token), ("Content-Type", "application/json")], body: draft.json)
        return try AuthorReply(json: reply.body, unknownMembers: .ignored).author
    }
}

func basic(_ name: String, _ password: String) -> (String, String) {
    ("Authorization", "Basic " + Data("\(name):\(password)".utf8).base64EncodedString())
}

func bearer(_ token: String) -> (String, String) {
    ("Authorization", "Bearer " + token)
}

extension TestReply {
    /// The problem's code, if the reply is a problem document.
    var code: String? {
        guard header("content-type") == Problem.mediaType else { return nil }
        return try? Problem(json: body, unknownMembers: .ignored).code
    }

    var problem: Problem {
        get throws { try Problem(json: body, unknownMembers: .ignored) }
    }

    var page: AuthorPage {
        get throws { try AuthorPage(json: body, unknownMembers: .ignored) }
    }

    /// The result of each line of a file: its number, its outcome, and its id or code.
    var results: [String] {
        get throws {
            #expect(status == 200)
            #expect(header("content-type") == "application/x-ndjson")
            return try body.split(separator: UInt8(ascii: "\n")).map {
                let result = try BulkResult(json: Array($0), unknownMembers: .rejected)
                return "\(result.line) \(result.outcome) \(result.code ?? result.id.map(String.init) ?? "")"
            }
        }
    }

    /// The differences from another reply, without the id of the request.
    func differences(from other: TestReply) -> [String] {
        func headers(_ reply: TestReply) -> [String] {
            reply.headers.filter { !["x-request-id", "server-timing"].contains($0.name) }.map {
                "\($0.name): \($0.value)"
            }
        }
        return (status == other.status ? [] : ["\(status) \(other.status)"])
            + Set(headers(self)).symmetricDifference(headers(other)) + (body == other.body ? [] : ["body"])
    }
}

extension SQLiteStore {
    /// The names in a list of the first user.
    func names(_ query: AuthorQuery) async throws -> [String] {
        try await authors(query, owner: 1) { rows in
            var names: [String] = []
            _ = try rows.forEach { names.append(String(decoding: $0.text(.name), as: UTF8.self)) }
            return names
        }
    }

    func names(_ query: String) async throws -> [String] {
        try await names(AuthorQuery(items: #require(QueryItem.parse(query))))
    }
}
