import Foundation
import Shared
import TestSupport
import Testing

@Suite(.serialized) struct LoginTests {
    @Test(arguments: ["POST", "GET"])
    func answersWithTokens(method: String) async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let reply = try await library.send(method, "/login", headers: [basic("ada", "correct horse")])
        #expect(reply.status == 200)
        #expect(reply.header("cache-control") == "no-store")
        let login = try Login(json: reply.body, unknownMembers: .rejected)
        #expect(login.tokenType == "Bearer")
        #expect(login.expiresIn == 1800)
        #expect(login.expiresAt == library.time.now.adding(seconds: 1800))
        #expect(login.refreshExpiresAt == library.time.now.adding(seconds: 30 * 86400))
        #expect(login.refreshToken.utf8.count == 43)
        #expect(login.token.utf8.filter { $0 == UInt8(ascii: ".") }.count == 2)
    }

    @Test func theNameIsFoundInAnyCase() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        #expect(try await library.send("POST", "/login", headers: [basic("ADA", "correct horse")]).status == 200)
    }

    @Test func aPasswordMayHaveColonsAndAnyLetters() async throws {
        let library = try await TestLibrary()
        #expect(try await library.login("ada", password: "pässword:1:ü").expiresIn == 1800)
    }

    @Test(arguments: [
        ("c", "YWRhOmNvcnJlY3QgaG9yc2U"), ("Basic", "YWRhOmNvcnJlY3QgaG9yc2U="), ("basic", "YWRhOmNvcnJlY3QgaG9yc2U="),
        ("BASIC", "YWRhOmNvcnJlY3QgaG9yc2U"),
    ])
    func theSchemeIsFoundInAnyCaseAndPaddingIsOptional(scheme: String, encoded: String) async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let reply = try await library.send("POST", "/login", headers: [("Authorization", "\(scheme) \(encoded)")])
        #expect(reply.status == (scheme == "c" ? 401 : 200))
    }

    static func encoded(_ bytes: [UInt8]) -> String { "Basic " + Data(bytes).base64EncodedString() }

    @Test(arguments: [
        ("Basic", "credentials_malformed"), ("Basic !!!", "credentials_malformed"),
        ("Bearer abc", "credentials_malformed"), ("", "credentials_malformed"),
        (encoded(Array("ada".utf8)), "credentials_malformed"),
        (encoded(Array(":".utf8)), "credentials_wrong"),
        (encoded(Array(":ada:correct horse".utf8)), "credentials_wrong"),
        (encoded(Array("ada:".utf8)), "credentials_wrong"),
        (encoded(Array("ada:wrong horse".utf8)), "credentials_wrong"),
        (encoded(Array("nobody:correct horse".utf8)), "credentials_wrong"),
        (encoded(Array("ada:correct horse\0".utf8)), "credentials_malformed"),
        (encoded(Array("ada:correct horse\r\n".utf8)), "credentials_malformed"),
        (encoded(Array("ada:".utf8) + [0xFF, 0xFE]), "credentials_malformed"),
        (encoded([0xC3] + Array(":correct horse".utf8)), "credentials_malformed"),
        (encoded(Array("ada:".utf8) + Array(repeating: 0x61, count: 1025)), "credentials_wrong"),
    ])
    func badCredentialsAreRefused(header: String, code: String) async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let reply = try await library.send("POST", "/login", headers: [("Authorization", header)])
        #expect(reply.status == 401)
        #expect(reply.code == code)
        #expect(try reply.problem.message == "could not verify")
        #expect(reply.header("www-authenticate") == #"Basic realm="libraryd", charset="UTF-8""#)
    }

    @Test func noCredentialsAreToldApart() async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("POST", "/login")
        #expect(reply.status == 401)
        #expect(reply.code == "credentials_missing")
    }

    @Test func aWrongNameAndAWrongPasswordLookTheSame() async throws {
        let library = try await TestLibrary()
        _ = try await library.login("ada")
        let name = try await library.send("POST", "/login", headers: [basic("nobody", "correct horse")])
        let password = try await library.send("POST", "/login", headers: [basic("ada", "wrong horse")])
        #expect(
            name.text.replacing(try name.problem.requestID, with: "")
                == password.text.replacing(try password.problem.requestID, with: ""))
        #expect(name.headers.map(\.name) == password.headers.map(\.name))
    }

    @Test func logoutEndsTheSessionOnTheNextRequestAndNoOther() async throws {
        let library = try await TestLibrary()
        let first = try await library.login("ada")
        let second = try await library.login("ada")
        let logout = try await library.send("POST", "/logout", headers: [bearer(first.token)])
        #expect(logout.status == 204)
        #expect(logout.body.isEmpty)
        let after = try await library.send("GET", "/me", headers: [bearer(first.token)])
        #expect(after.status == 401)
        #expect(after.code == "token_revoked")
        #expect(try await library.send("GET", "/me", headers: [bearer(second.token)]).status == 200)
        let refresh = try await library.post("/token/refresh", #"{"refresh_token":"\#(first.refreshToken)"}"#)
        #expect(refresh.code == "refresh_token_invalid")
    }
}
