import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct APITests {
    @Test func sendsAndShowsWhatItIsTold() async throws {
        let ctl = try await Ctl.loggedIn()
        let created = try await ctl(
            "api", "post", "/authors", "-f", "name=Hilary Mantel", "-f", "book=-1", "-F", "booker_prize=true",
            "--raw-field", "country=")
        #expect(created.code == 7)
        // The body of the error, for programs; its meaning is on standard error.
        #expect(try Problem(json: Array(created.output.utf8), unknownMembers: .rejected).code == "invalid_fields")
        #expect(created.error == "libctl: api: country must not be empty\n")
        let again = try await ctl(
            "api", "POST", "/authors", "-f", "name=Hilary Mantel", "-f", "book=-1", "-F", "booker_prize=true",
            "--raw-field", "country=UK")
        #expect(again.code == 0, "\(again.error)")
        #expect(
            again.output.hasPrefix(
                #"{"message":"new author created","author":{"id":1,"name":"Hilary Mantel","book":"-1""#))
        #expect(again.output.contains(#""booker_prize":true"#))
        let page = try await ctl.line("api GET /authors?limit=1&sort=name")
        #expect(try AuthorPage(json: Array(page.output.utf8), unknownMembers: .ignored).authors.map(\.id) == [1])
        let csv = try await ctl("api", "GET", "/authors", "-H", "Accept: text/csv")
        #expect(csv.output.hasPrefix("id,name,book,"))
        let changed = try await ctl(
            "api", "PATCH", "/authors/1", "--input", "-", "-H", "If-Match: \"1-1\"", "--include",
            input: #"{"country":"England"}"#)
        #expect(changed.output.hasPrefix("HTTP/1.1 200\r\ncache-control: no-store\r\n"))
        #expect(changed.output.contains("etag: \"1-2\"\r\n"))
        #expect(changed.output.contains("\r\n\r\n{\"message\":\"author updated\""))
        #expect(try await ctl("api", "PATCH", "/authors/1", "-f", "country=X", "-H", "If-Match: \"1-1\"").code == 6)
        #expect(try await ctl.line("api DELETE /authors/1").code == 0)
        #expect(try await ctl.line("api GET /authors/1").code == 3)
        #expect(try await ctl.line("api GET /authors/1 --json").error.contains(#""code":"author_not_found""#))
        let head = try await ctl.line("api HEAD /livez -i")
        #expect(head.output.hasPrefix("HTTP/1.1 200\r\n"))
        #expect(head.output.hasSuffix("\r\n\r\n"))
    }

    @Test func anErrorIsPrintedAsItCame() async throws {
        let ctl = try await Ctl.loggedIn()
        let missing = try await ctl.line("api GET /authors/99 --include")
        #expect(missing.code == 3)
        #expect(missing.output.hasPrefix("HTTP/1.1 404\r\n"))
        #expect(missing.output.contains("content-type: application/problem+json\r\n"))
        #expect(missing.output.contains("\r\n\r\n{\"type\":\"about:blank\""))
        let method = try await ctl.line("api DELETE /authors")
        #expect(method.code == 7)
        #expect(
            method.error == "libctl: api: '/authors' does not take DELETE\n  hint: allowed: GET, POST, HEAD, OPTIONS\n")
        // The reply to a token that has expired is not printed: the request is sent again with a new one.
        ctl.library.time.advance(seconds: 3600)
        let again = try await ctl.line("api GET /authors")
        #expect(again.code == 0, "\(again.error)")
        #expect(again.output == #"{"list_of_authors":[],"next":null}"#)
    }

    @Test func itsCodesAreThoseOfOtherCommands() async throws {
        let ctl = try await Ctl.loggedIn()
        _ = try await ctl("api", "POST", "/authors", "-f", "name=A", "-f", "book=B", "-f", "country=C")
        #expect(try await ctl("api", "GET", "/authors/1", "-H", "If-None-Match: \"1-1\"").code == 0)
        #expect(try await ctl.line("api HEAD /authors/1").code == 0)
        #expect(try await ctl.line("api HEAD /authors/99").code == 3)
        let number = try await ctl("api", "PATCH", "/authors/1", "-F", "country=-5")
        #expect(number.code == 7)
        #expect(number.error == "libctl: api: country must be a string\n")
        #expect(try await ctl("api", "PATCH", "/authors/1", "-F", "country=-05").code == 0)
    }

    @Test func everyPostHasAKeyUnlessItBringsOne() async throws {
        let ctl = try await Ctl.loggedIn()
        for name in ["A", "B"] {
            #expect(
                try await ctl(
                    "api", "POST", "/authors", "-f", "name=A", "-f", "book=B", "-f", "country=C", "-H",
                    "Idempotency-Key: same", "-H", "X-Nothing: \(name)"
                ).code == 0)
        }
        #expect(ctl.record.lines("POST /authors") == ["POST /authors same", "POST /authors same"])
        #expect(try await ctl.line("authors list -o id").output == "1\n")
        _ = try await ctl.line("api POST /authors -f name=A")
        #expect(try #require(ctl.record.lines("POST /authors").last).utf8.count > "POST /authors ".utf8.count + 20)
    }

    @Test func noLoginIsNeededWhereNoneIs() async throws {
        let ctl = Ctl(try await TestLibrary())
        #expect(try await ctl.line("api GET /livez").output == #"{"status":"ok"}"#)
        #expect(try await ctl.line("api GET /me").code == 4)
        _ = try await ctl.line("register ada --no-login --password-stdin", input: "correct horse")
        let login = try await ctl("api", "GET", "/login", "-H", "Authorization: Basic YWRhOmNvcnJlY3QgaG9yc2U=")
        #expect(login.output.hasPrefix(#"{"token":""#))
        #expect(try await ctl.line("whoami").code == 4)
    }

    @Test(arguments: [
        ["GET", "authors"], ["GET", "@example.org/"], ["GET", "/a b"], ["GET", "/é"], ["GET", "/a#b"], ["GET", ""],
        ["GET", "http://example.org/"], ["FETCH", "/livez"], ["POST", "/authors", "-f", "name"],
        ["POST", "/authors", "-f", "=x"], ["GET", "/authors", "-f", "a=b"], ["GET", "/authors", "--input", "-"],
        ["GET", "/authors", "-o", "csv"], ["GET", "/authors", "--fields", "id"], ["GET", "/livez", "-H", "no colon"],
        ["GET", "/livez", "-H", "A: b\r\nC: d"],
        ["POST", "/authors", "-f", "a=b", "--input", "-"], ["GET"],
    ])
    func otherRequestsAreRefused(arguments: [String]) async throws {
        let ctl = Ctl(try await TestLibrary())
        #expect(try await ctl.run(["api"] + arguments, input: []).code == 64)
        #expect(ctl.record.lines().isEmpty)
    }
}
