import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// The status of every endpoint for every kind of caller.
@Suite(.serialized) struct AccessTests {
    enum Caller: String, CaseIterable, Sendable {
        case guest, other, owner, admin
        /// Callers whose token was valid once.
        case loggedOut, disabled, deleted
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let method: Shared.Method
        let path: String
        var body = ""
        /// Statuses for guest, other, owner and admin.
        let statuses: [Int]

        var testDescription: String { "\(method.rawValue) \(path)" }
    }

    static let draft = #"{"name":"N","book":"B","country":"C"}"#

    /// The path of the user `target`, who is none of the callers.
    static let target = "/users/{public_id}"

    static let cases = [
        Case(
            method: .post, path: "/register", body: #"{"name":"new","password":"correct horse"}"#,
            statuses: [201, 201, 201, 201]),
        // A login takes Basic credentials, not a bearer token.
        Case(method: .post, path: "/login", statuses: [401, 401, 401, 401]),
        Case(method: .get, path: "/login", statuses: [401, 401, 401, 401]),
        Case(method: .post, path: "/token/refresh", body: #"{"refresh_token":"x"}"#, statuses: [401, 401, 401, 401]),
        Case(
            method: .post, path: "/proof",
            body: #"{"user":"6f9619ff-8b86-4011-b42d-00c04fc964ff","nonce":"\#(String(repeating: "n", count: 43))"}"#,
            statuses: [200, 200, 200, 200]),
        Case(method: .post, path: "/logout", statuses: [401, 204, 204, 204]),
        Case(method: .get, path: "/me", statuses: [401, 200, 200, 200]),
        Case(
            method: .put, path: "/me/password",
            body: #"{"current_password":"correct horse","new_password":"battery staple"}"#,
            statuses: [401, 204, 204, 204]),
        // The deletion of one's own account takes Basic credentials too.
        Case(method: .delete, path: "/me", statuses: [401, 401, 401, 401]),
        Case(method: .get, path: "/sessions", statuses: [401, 200, 200, 200]),
        Case(method: .delete, path: "/sessions?scope=others", statuses: [401, 204, 204, 204]),
        Case(method: .delete, path: "/sessions/{id}", statuses: [401, 404, 404, 404]),
        Case(method: .get, path: "/keys", statuses: [401, 200, 200, 200]),
        Case(method: .post, path: "/keys", body: #"{"name":"k","scope":"read"}"#, statuses: [401, 201, 201, 201]),
        Case(method: .delete, path: "/keys/{id}", statuses: [401, 404, 404, 404]),
        Case(method: .get, path: "/users", statuses: [401, 403, 403, 200]),
        Case(method: .patch, path: target, body: #"{"disabled":true}"#, statuses: [401, 403, 403, 200]),
        Case(method: .delete, path: target, statuses: [401, 403, 403, 204]),
        Case(method: .post, path: "/authors", body: draft, statuses: [401, 201, 201, 201]),
        Case(method: .post, path: "/author", body: draft, statuses: [401, 201, 201, 201]),
        Case(method: .get, path: "/authors", statuses: [401, 200, 200, 200]),
        // An author of another user looks missing, to an admin too.
        Case(method: .get, path: "/authors/1", statuses: [401, 404, 200, 404]),
        Case(method: .patch, path: "/authors/1", body: #"{"country":"X"}"#, statuses: [401, 404, 200, 404]),
        Case(method: .delete, path: "/authors/1", statuses: [401, 404, 200, 404]),
        // A stream has no end, so the test sends a parameter that is refused: a caller who may read the stream gets
        // 400.
        Case(method: .get, path: "/authors/events?from=1", statuses: [401, 400, 400, 400]),
        Case(method: .get, path: "/authors/changes", statuses: [401, 200, 200, 200]),
        Case(method: .get, path: "/authors/1/history", statuses: [401, 404, 200, 404]),
        Case(method: .post, path: "/authors/undo", body: #"{"last":1}"#, statuses: [401, 404, 200, 404]),
        Case(method: .get, path: "/livez", statuses: [200, 200, 200, 200]),
        Case(method: .get, path: "/readyz", statuses: [200, 200, 200, 200]),
        Case(method: .get, path: "/healthz", statuses: [200, 200, 200, 200]),
        Case(method: .get, path: "/", statuses: [200, 200, 200, 200]),
        Case(method: .get, path: "/openapi.json", statuses: [200, 200, 200, 200]),
        // For callers from elsewhere; ``MetricsAccessTests`` has those on the daemon's machine.
        Case(method: .get, path: "/metrics", statuses: [401, 403, 403, 200]),
    ]

    @Test func everyEndpointHasACase() {
        let covered = Set(
            Self.cases.map {
                "\($0.method.rawValue) \($0.path.replacing("/1", with: "/{id}").split(separator: "?")[0])"
            })
        #expect(covered == Set(Endpoints.all.map { "\($0.method.rawValue) \($0.path)" }))
    }

    @Test(arguments: cases, Caller.allCases)
    func statusIs(_ test: Case, for caller: Caller) async throws {
        let library = try await TestLibrary()
        let owner = try await library.login("owner").token
        let mine = try await library.create("Hilary Mantel", "Wolf Hall", as: owner)
        #expect(mine.id == 1)
        let token: String? =
            switch caller {
            case .guest: nil
            case .owner: owner
            case .other: try await library.login("other").token
            case .admin: try await library.adminToken()
            case .loggedOut, .disabled, .deleted: try await formerToken(caller, library)
            }
        _ = try await library.login("target")
        let users = try await library.store.users()
        let target = try #require(users.first { $0.name == "target" })

        let reply = try await library.send(
            test.method.rawValue, test.path.replacing("{public_id}", with: target.publicID),
            headers: (token.map { [bearer($0)] } ?? [])
                + (test.body.isEmpty ? [] : [("Content-Type", "application/json")]),
            body: Array(test.body.utf8))

        let expected = zip(Caller.allCases, test.statuses).first { $0.0 == caller }?.1 ?? test.statuses[0]
        #expect(reply.status == expected, "\(reply.text)")
        if expected >= 400 { #expect(reply.code != nil) }
        if reply.status == 401, token != nil, expected != test.statuses[1] { #expect(reply.code == "token_revoked") }
        if reply.status >= 400 { #expect(try await library.store.users() == users) }
        // The other callers have not changed the author.
        if caller != .owner {
            let after = try await library.send("GET", "/authors/1", headers: [bearer(owner)])
            #expect(try Author(json: after.body, unknownMembers: .rejected) == mine)
        }
    }

    private func formerToken(_ caller: Caller, _ library: TestLibrary) async throws -> String {
        let token = try await library.login("former").token
        #expect(try await library.send("GET", "/me", headers: [bearer(token)]).status == 200)
        switch caller {
        case .loggedOut: _ = try await library.send("POST", "/logout", headers: [bearer(token)])
        case .disabled: _ = try await library.app.perform(OperatorRequest.disable("former"))
        default: _ = try await library.app.perform(OperatorRequest.delete("former"))
        }
        return token
    }

    @Test(arguments: ["GET", "PATCH", "DELETE"])
    func anothersAuthorLooksLikeAMissingOne(method: String) async throws {
        let library = try await TestLibrary()
        let owner = try await library.login("owner").token
        _ = try await library.create("Hilary Mantel", "Wolf Hall", as: owner)
        let other = try await library.login("other").token
        let headers = [bearer(other), ("Content-Type", "application/json")]
        let body = Array(#"{"country":"X"}"#.utf8)

        let anothers = try await library.send(method, "/authors/1", headers: headers, body: body)
        let missing = try await library.send(method, "/authors/2", headers: headers, body: body)

        #expect(anothers.status == 404)
        let id = try anothers.problem.requestID
        #expect(
            anothers.text.replacing(id, with: "") == missing.text.replacing(try missing.problem.requestID, with: ""))
        #expect(anothers.headers.map(\.name) == missing.headers.map(\.name))
        #expect(try anothers.problem.message == "author does not exist")
    }
}
