import Foundation
import Shared
import Testing

@testable import LibraryServer
@testable import TestSupport

/// `/openapi.json` and `/`. That no other answer exists is checked by every request of ``TestLibrary``.
@Suite(.serialized) struct DocumentTests {
    private static let operations = Set(APIDocument.served.replies.map { "\($0.method) \($0.path)" }).sorted()

    @Test(arguments: operations)
    func eachDocumentedAnswerIsReal(operation: String) async throws {
        for reply in APIDocument.served.replies where "\(reply.method) \(reply.path)" == operation {
            for code in reply.codes.isEmpty ? [nil] : reply.codes.map(Optional.some) {
                let answer = DocumentedAnswer(
                    method: reply.method, path: reply.path, status: reply.status, code: code)
                if answer.isUnprovoked || TestDatabase.isUsed && (answer.fault != nil || reply.status == 503) {
                    continue
                }
                do {
                    let got = try await answer.reply()
                    #expect(
                        got.status == reply.status && got.code == code,
                        """
                        \(operation) never answered \(reply.status) \(code ?? "") but \(got.status) \(got.text): \
                        mend the Documentation of the endpoint, or DocumentedAnswer
                        """)
                } catch {
                    Issue.record("\(operation) \(reply.status) \(code ?? ""): \(error)")
                }
            }
        }
    }

    @Test func everyEndpointIsInTheDocument() {
        #expect(Set(Self.operations) == Set(Endpoints.all.map { "\($0.method.rawValue) \($0.path)" }))
    }

    @Test func everyCodeHasAnExample() throws {
        let root = try JSONValue(parsing: OpenAPI.json)
        let examples = root["components"]["examples"].members
        #expect(examples.map(\.name) == ErrorCode.allCases.map(\.rawValue))
        for example in examples {
            let faults = APIDocument.served.faults(
                of: example.value["value"], by: root["components"]["schemas"]["Problem"], at: example.name)
            #expect(faults == [])
        }
    }

    /// A new field is in the document without being named there.
    @Test func theSchemaOfAnAuthorHasItsFields() throws {
        let schemas = try JSONValue(parsing: OpenAPI.json)["components"]["schemas"]
        #expect(schemas["Author"]["properties"].members.map(\.name) == AuthorField.all.map(\.name))
        #expect(schemas["AuthorDraft"]["properties"].members.map(\.name) == AuthorField.writable.map(\.name))
        #expect(schemas["AuthorDraft"]["additionalProperties"] == false)
        let required = AuthorField.writable.filter(\.isRequired).map(\.name)
        #expect(schemas["AuthorDraft"]["required"].elements.compactMap(\.text) == required)
        #expect(schemas["AuthorPatch"]["required"] == [])
    }

    @Test func examplesAreWhatTheTypesRead() throws {
        func read<Value: DocumentedObject & Equatable>(_: Value.Type) throws {
            #expect(try Value(json: Value.example.json, unknownMembers: .rejected) == Value.example)
        }
        try read(Registration.self)
        try read(Login.self)
        try read(AuthorReply.self)
        try read(AuthorPage.self)
        try read(AuthorEvent.self)
        try read(UserList.self)
    }

    @Test(arguments: [
        ("Wolf Hall", true), (" x ", true), ("\n\tx\r\n", true), ("é", true), ("😀", true), ("a\nb", false), ("", false),
        ("  ", false), ("\u{200B}", false), ("\u{7F}", false), ("a\u{85}b", false),
    ])
    func thePatternOfATextIsItsRule(text: String, isValid: Bool) throws {
        let pattern = try NSRegularExpression(pattern: #require(TextShape.stored.pattern))
        let matches = pattern.firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count)) != nil
        #expect(matches == isValid)
        let draft = AuthorDraft(name: text, book: "b", country: "c")
        #expect(((try? draft.validated()) != nil) == isValid)
    }

    @Test(arguments: [
        "id", "name", "name:asc", "name:bytes", "name:bytes:desc", "created_at:desc", "id:bytes", "name:desc:bytes",
        "booker_prize", "name:", ":desc", "name:bytes:", "Name", "", "name:desc\n",
    ])
    func thePatternOfAnOrderIsItsRule(text: String) throws {
        let pattern = try NSRegularExpression(pattern: #require(TextShape.order.pattern))
        let whole = NSRange(location: 0, length: text.utf16.count)
        let matches = pattern.firstMatch(in: text, range: whole)?.range == whole
        #expect(matches == (AuthorSort(text) != nil))
    }

    @Test func theDocumentIsStoredByItsTag() async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("GET", "/openapi.json")
        let tag = try #require(reply.header("etag"))
        #expect(reply.body == OpenAPI.json && reply.header("cache-control") == "private, no-cache")
        let again = try await library.send("GET", "/openapi.json", headers: [("If-None-Match", tag)])
        #expect(again.status == 304 && again.body.isEmpty)
        #expect(try await library.send("HEAD", "/openapi.json").header("etag") == tag)
    }

    @Test(arguments: [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"), ("*/*", "application/json"), ("", "application/json"),
        ("application/json", "application/json"), ("application/json, text/html;q=0.5", "application/json"),
        ("text/html;q=0", "application/json"), ("image/png", "application/json"),
    ])
    func aBrowserGetsAPage(accept: String, type: String) async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("GET", "/", headers: accept.isEmpty ? [] : [("Accept", accept)])
        #expect(reply.status == 200 && reply.header("content-type") == type && reply.header("vary") == "Accept")
        guard type != "application/json" else {
            #expect(reply.text == #"{"name":"libraryd","openapi":"/openapi.json"}"#)
            return
        }
        #expect(reply.text.contains(#"href="/openapi.json""#) && reply.text.contains("libctl register"))
        // Nothing runs or is loaded, and the policy would stop it.
        for word in ["<script", "<img", "<link", "<form", "onclick", "javascript:", "src="] {
            #expect(!reply.text.contains(word))
        }
        let policy = try #require(reply.header("content-security-policy"))
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"))
    }
}
