import GRDB
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// Changes of a password and of a role, and the deletion of an account.
@Suite(.serialized) struct AccountChangeTests {
    private func change(
        _ current: String, _ new: String, _ token: String, _ library: TestLibrary
    ) async throws -> TestReply {
        let body = PasswordChange(currentPassword: current, newPassword: new).json
        return try await library.send(
            "PUT", "/me/password", headers: [bearer(token), ("Content-Type", "application/json")], body: body)
    }

    private func login(_ name: String, _ password: String, _ library: TestLibrary) async throws -> Int {
        try await library.send("POST", "/login", headers: [basic(name, password)]).status
    }

    private func status(_ token: String, _ library: TestLibrary) async throws -> Int {
        try await library.send("GET", "/me", headers: [bearer(token)]).status
    }

    private func send(
        _ method: String, _ user: String, _ body: String = "", as token: String, _ library: TestLibrary
    ) async throws -> TestReply {
        let id = try await library.store.users().first { $0.name == user }?.publicID
        return try await library.send(
            method, "/users/\(id ?? user)", headers: [bearer(token), ("Content-Type", "application/json")],
            body: Array(body.utf8))
    }

    // MARK: Password

    @Test func aNewPasswordEndsAllOtherLogins() async throws {
        let library = try await TestLibrary()
        let (mine, other) = (try await library.login("ada"), try await library.login("ada"))
        let bob = try await library.login("bob").token
        #expect(try await change("correct horse", "battery staple", mine.token, library).status == 204)
        #expect(try await status(mine.token, library) == 200)
        #expect(try await status(bob, library) == 200)
        #expect(try await library.send("GET", "/me", headers: [bearer(other.token)]).code == "token_revoked")
        let refresh = try await library.post("/token/refresh", #"{"refresh_token":"\#(other.refreshToken)"}"#)
        #expect(refresh.status == 401)
        #expect(try await login("ada", "correct horse", library) == 401)
        #expect(try await login("ada", "battery staple", library) == 200)
    }

    @Test(arguments: [
        ("wrong horse", "battery staple", 403, "password_wrong"), ("", "battery staple", 403, "password_wrong"),
        ("correct horse", "short", 422, "invalid_fields"), ("correct horse", "password1", 422, "invalid_fields"),
        ("correct horse", "ADAADAADA", 422, "invalid_fields"),
    ])
    func aChangeThatIsNotRightChangesNothing(current: String, new: String, expected: Int, code: String) async throws {
        let library = try await TestLibrary()
        let (mine, other) = (try await library.login("adaadaada").token, try await library.login("adaadaada").token)
        let reply = try await change(current, new, mine, library)
        #expect(reply.status == expected)
        #expect(reply.code == code)
        if expected == 422 { #expect(try reply.problem.errors.map(\.field) == ["new_password"]) }
        #expect(try await status(other, library) == 200)
        #expect(try await login("adaadaada", "correct horse", library) == 200)
    }

    // MARK: Role

    @Test func anAdminChangesOthers() async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let ada = try await library.login("ada").token
        let promoted = try await send("PATCH", "ada", #"{"admin":true}"#, as: admin, library)
        #expect(promoted.status == 200)
        #expect(try User(json: promoted.body, unknownMembers: .rejected).admin)
        // The role applies to the very next request.
        #expect(try await library.send("GET", "/users", headers: [bearer(ada)]).status == 200)
        #expect(try await send("PATCH", "ada", #"{"admin":false}"#, as: admin, library).status == 200)
        #expect(try await library.send("GET", "/users", headers: [bearer(ada)]).code == "admin_required")

        #expect(try await send("PATCH", "ada", #"{"disabled":true}"#, as: admin, library).status == 200)
        #expect(try await library.send("GET", "/me", headers: [bearer(ada)]).code == "token_revoked")
        #expect(try await login("ada", "correct horse", library) == 401)
        #expect(try await send("PATCH", "ada", #"{"disabled":false}"#, as: admin, library).status == 200)
        // Enabling the account does not restore its logins.
        #expect(try await status(ada, library) == 401)
        #expect(try await login("ada", "correct horse", library) == 200)
    }

    @Test(arguments: [
        ("PATCH", #"{"admin":false}"#), ("PATCH", #"{"disabled":true}"#),
        ("PATCH", #"{"admin":false,"disabled":true}"#),
        ("DELETE", ""),
    ])
    func theLastAdminStays(method: String, body: String) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let reply = try await send(method, "admin", body, as: admin, library)
        #expect(reply.status == 409)
        #expect(reply.code == "last_admin")
        #expect(try await library.send("GET", "/users", headers: [bearer(admin)]).status == 200)
    }

    @Test(arguments: [
        ("{}", 422, "invalid_fields"), (#"{"name":"x"}"#, 422, "invalid_fields"),
        (#"{"admin":"true"}"#, 422, "invalid_fields"), (#"{"admin":null}"#, 422, "invalid_fields"),
        ("", 400, "invalid_json"),
    ])
    func aPatchThatIsNotRightIsRefused(body: String, expected: Int, code: String) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        _ = try await library.login("ada")
        let reply = try await send("PATCH", "ada", body, as: admin, library)
        #expect(reply.status == expected)
        #expect(reply.code == code)
    }

    @Test(arguments: ["nobody", "1", "%00", "' OR 1=1 --", "%2e%2e"])
    func anUnknownUserIsMissing(id: String) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let path = "/users/" + PercentEncoding.encode(id)
        for method in ["PATCH", "DELETE"] {
            let reply = try await library.send(
                method, path, headers: [bearer(admin), ("Content-Type", "application/json")],
                body: Array(#"{"admin":true}"#.utf8))
            #expect(reply.status == 404)
            #expect(reply.code == "user_not_found")
        }
    }

    /// A slow body gives no time: the rights of the sender are checked again when the body is complete.
    @Test(
        arguments: ["demote", "disable", "delete"],
        ["PATCH /users/ada", "POST /authors", "PATCH /authors/1", "PUT /me/password"])
    func aBodyThatIsHeldOpenGainsNoTime(command: String, request: String) async throws {
        let library = try await TestLibrary()
        _ = try await library.adminToken()
        _ = try await library.login("ada")
        let mallory = try await library.login("mallory").token
        _ = try await library.create("A", "B", as: mallory)
        try await library.setAdmin(true, "mallory")
        let ada = try #require(try await library.store.users().first { $0.name == "ada" })
        let words = request.split(separator: " ").map(String.init)
        let body =
            switch request {
            case "PATCH /users/ada": #"{"admin":true}"#
            case "POST /authors": #"{"name":"N","book":"B","country":"C"}"#
            case "PATCH /authors/1": #"{"country":"X"}"#
            default: #"{"current_password":"correct horse","new_password":"battery staple"}"#
            }
        let reply = try await library.send(
            words[0], words[1].replacing("/users/ada", with: "/users/\(ada.publicID)"),
            headers: [bearer(mallory), ("Content-Type", "application/json")], body: Array(body.utf8)
        ) {
            _ = try await library.app.perform(
                OperatorRequest(
                    json: Array(#"{"command":"\#(command)","name":"mallory"}"#.utf8), unknownMembers: .rejected))
        }
        if command == "demote" {
            // A plain user may send all of these requests but the first.
            #expect(reply.code == (request == "PATCH /users/ada" ? "admin_required" : nil))
        } else {
            #expect(reply.code == "token_revoked")
        }
        #expect(try await library.store.users().first { $0.name == "ada" } == ada)
    }

    // MARK: End

    @Test(arguments: ["admin", "self", "operator"])
    func aDeletedUserLeavesNothing(by: String) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let ada = try await library.login("ada")
        let bob = try await library.login("bob").token
        for number in 0..<3 { _ = try await library.create("Ada's \(number)", "B", as: ada.token) }
        _ = try await library.create("Bob's", "B", as: bob)
        switch by {
        case "admin": #expect(try await send("DELETE", "ada", as: admin, library).status == 204)
        case "self":
            let wrong = try await library.send("DELETE", "/me", headers: [basic("ada", "wrong horse")])
            #expect(wrong.code == "credentials_wrong")
            #expect(try await status(ada.token, library) == 200)
            let right = try await library.send("DELETE", "/me", headers: [basic("ada", "correct horse")])
            #expect(right.status == 204)
        default: _ = try await library.app.perform(OperatorRequest.delete("ADA"))
        }
        #expect(try await library.send("GET", "/authors", headers: [bearer(ada.token)]).code == "token_revoked")
        #expect(try await login("ada", "correct horse", library) == 401)
        let refresh = try await library.post("/token/refresh", #"{"refresh_token":"\#(ada.refreshToken)"}"#)
        #expect(refresh.code == "refresh_token_invalid")
        // A new account with the same name does not accept the old token.
        _ = try await library.login("ada")
        #expect(try await status(ada.token, library) == 401)
        #expect(try await library.send("GET", "/authors", headers: [bearer(bob)]).page.authors.map(\.name) == ["Bob's"])
        let inspection = try library.sqlite.readers.read { try Inspection($0, searchIndex: true) }
        #expect(inspection.faults == [])
        #expect(inspection.authors == 1)
    }

    @Test func theLastAdminCannotDeleteItself() async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        let reply = try await library.send("DELETE", "/me", headers: [basic("admin", "correct horse")])
        #expect(reply.status == 409)
        #expect(try await status(admin, library) == 200)
    }

    // MARK: Operator

    @Test func anOperatorSetsAPassword() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.app.perform(OperatorRequest.passwd("ada", password: "battery staple"))
        #expect(try await status(token, library) == 401)
        #expect(try await login("ada", "battery staple", library) == 200)
        await #expect(throws: InvalidFields.self) {
            try await library.app.perform(OperatorRequest.passwd("ada", password: "short"))
        }
        #expect(try await login("ada", "battery staple", library) == 200)
    }
}
