import Foundation
import Shared
import TestSupport
import Testing

@testable import LibraryServer
@testable import libraryd

/// To compare texts, Swift sorts the combining marks that follow each other, in quadratic time. So no request gets that
/// far with many of them.
@Suite(.serialized) struct CombiningMarkTests {
    /// Marks of two classes in turn, so that sorting moves each.
    private static func marks(_ count: Int) -> String { String(repeating: "\u{315}\u{334}", count: count / 2) }

    @Test func onlyMarksInARowCount() {
        #expect(!CombiningMarks.areTooMany("a" + Self.marks(256)))
        #expect(CombiningMarks.areTooMany("a" + Self.marks(258)))
        #expect(CombiningMarks.areTooMany(Self.marks(32), limit: 30))
        #expect(!CombiningMarks.areTooMany(String(repeating: "a" + Self.marks(256), count: 9)))
        #expect(!CombiningMarks.areTooMany(String(repeating: "é\u{200D}", count: 1000)))
    }

    @Test(arguments: ["/register", "/token/refresh", "/proof", "/authors", "/authors/undo", "/keys"], [true, false])
    func aBodyIsRefused(path: String, inName: Bool) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = "a" + Self.marks(30_000)
        let reply = try await library.send(
            "POST", path, headers: [bearer(token), ("Content-Type", "application/json")],
            body: Array((inName ? "{\"\(text)\":1}" : "{\"name\":\"\(text)\"}").utf8))
        #expect(reply.status == 400 && reply.code == "invalid_json", "\(reply.text)")
    }

    @Test(arguments: ["text/csv", "application/x-ndjson"], ["", "?atomic=true", "?dry_run=true"])
    func aLineIsRefused(type: String, query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = "a" + Self.marks(200_000)
        let file =
            type == "text/csv"
            ? "name,book,country\nA,B,C\n\(text),B,C\nD,E,F\n"
            : """
            {"name":"A","book":"B","country":"C"}
            {"name":"\(text)","book":"B","country":"C"}
            {"name":"D","book":"E","country":"F"}
            """
        let reply = try await library.sendFile(file, query, type: type, as: token)
        if query == "?atomic=true" {
            #expect(reply.status == 422)
        } else {
            let line = type == "text/csv" ? "3 failed invalid_csv" : "2 failed invalid_json"
            #expect(try reply.results.filter { $0.contains("failed") } == [line])
        }
        if type == "text/csv" {
            let header = try await library.sendFile("\(text),book,country\nA,B,C\n", query, type: type, as: token)
            #expect(header.status == 400 && header.code == "invalid_csv", "\(header.text)")
        }
    }

    @Test(arguments: [
        "Accept", "Content-Type", "Content-Encoding", "Authorization", "x-access-tokens", "If-None-Match", "If-Match",
        "Expect", "X-Forwarded-For", "Idempotency-Key", "User-Agent", "X-Other",
    ])
    func aFieldIsRefused(name: String) async throws {
        let library = try await TestLibrary()
        let connection = try await TestConnection(library)
        try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\(name): a\(Self.marks(7000))\r\n\r\n")
        let reply = try await connection.reply()
        #expect(reply.status == 400 && reply.code == "bad_request", "\(reply.text)")
    }

    @Test func aNameAndAQueryAreRefused() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let text = "a" + Self.marks(2000)
        let basic = Data("\(text):correct horse".utf8).base64EncodedString()
        let login = try await library.send("GET", "/login", headers: [("Authorization", "Basic \(basic)")])
        #expect(login.status == 401 && login.code == "credentials_malformed")
        for query in ["\(PercentEncoding.encode(text))=1", "q=\(PercentEncoding.encode(text))"] {
            let reply = try await library.send("GET", "/authors?\(query)", headers: [bearer(token)])
            #expect(reply.status == 400 && reply.code == "invalid_query")
        }
    }

    /// A name may have 200 characters, of which all but one may be marks: a library may have such names.
    @Test func aNameOfMarksIsTakenAsBefore() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let name = "x" + String(repeating: "\u{334}", count: 199)
        let author = try await library.create(name, "B", as: token)
        #expect(author.name == name)
        let body = #"{"name":"\#(name)\u0334","book":"B","country":"C"}"#
        let long = try await library.post("/authors", body, headers: [bearer(token)])
        #expect(long.status == 422 && long.code == "invalid_fields")
    }

    /// Many members that the file's names stand for are looked through once each.
    @Test func manyMembersAreReadOnce() throws {
        let members = (0..<20_000).map { "\"name\(String(repeating: " ", count: $0 % 10))\($0)\":1" }
        var lines = AuthorLines(.ndjson, texts: .ofNoLines, unknownMembers: .rejected)
        lines.append(("{" + members.joined(separator: ",") + "}\n").utf8)
        let line = try #require(try lines.next(atEnd: true))
        guard case .failure(let fault) = line.entry else {
            Issue.record("members that are no fields were taken")
            return
        }
        #expect(fault.code == .invalidFields)
    }
}
