import Foundation
import Shared
import TestSupport

/// Words for the requests that these tests send.
extension TestLibrary {
    func post(_ path: String, _ body: String, headers: [(String, String)] = []) async throws -> TestReply {
        try await send("POST", path, headers: headers + [("Content-Type", "application/json")], body: Array(body.utf8))
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
        return try? Problem(json: body, unknownMembers: .ignored).code.rawValue
    }

    var problem: Problem {
        get throws { try Problem(json: body, unknownMembers: .ignored) }
    }

    var page: AuthorPage {
        get throws { try AuthorPage(json: body, unknownMembers: .ignored) }
    }
}
