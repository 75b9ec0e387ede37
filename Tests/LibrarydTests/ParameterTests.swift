import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// A request with an unknown query parameter is refused, and changes nothing.
@Suite(.serialized) struct ParameterTests {
    private static let health = ["/livez", "/readyz", "/healthz"]
    private static let routes = AccessTests.cases.filter { !health.contains($0.path) }

    /// Every endpoint, with a body that it accepts, from a caller who may use it.
    @Test(arguments: routes) func anUnknownOneIsRefusedEverywhere(_ test: AccessTests.Case) async throws {
        let library = try await TestLibrary()
        let admin = try await library.adminToken()
        _ = try await library.create("Hilary Mantel", "Wolf Hall", as: admin)
        _ = try await library.login("target")
        let users = try await library.store.users()
        let target = try #require(users.first { $0.name == "target" })
        let path = test.path.split(separator: "?")[0].replacing("{public_id}", with: target.publicID)
        let methods = test.method == .get ? ["GET", "HEAD"] : [test.method.rawValue]
        for query in ["dry_run=maybe&shelf=1", "%zz", "shelf", "#shelf", "&x="] {
            for method in methods {
                let reply = try await library.send(
                    method, path + "?" + query,
                    headers: [bearer(admin), ("Content-Type", "application/json")], body: Array(test.body.utf8))
                #expect(reply.status == 400, "\(reply.text)")
                if method != "HEAD" { #expect(reply.code == "invalid_query") }
            }
        }
        #expect(try await library.store.users() == users)
        #expect(try await library.list(as: admin) == ["Hilary Mantel Wolf Hall UK false 1"])
        #expect(try library.sessionCount == 2)
    }

    @Test(arguments: [
        ("DELETE", "/authors/1?dry_run=true", "dry_run", "is not a parameter of this request"),
        ("DELETE", "/sessions?scop=all", "scop", "is not a parameter of this request; did you mean 'scope'?"),
        ("DELETE", "/sessions?scope=all&scope=all", "scope", "is given more than once"),
        ("GET", "/authors?limt=5", "limt", "is not a parameter of this request; did you mean 'limit'?"),
        ("POST", "/authors?dryrun=true", "dryrun", "is not a parameter of this request; did you mean 'dry_run'?"),
        ("DELETE", "/sessions?scope=all&=x", "", "is not a parameter of this request"),
    ])
    func theFaultIsNamed(method: String, path: String, field: String, message: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "B", as: token)
        let reply = try await library.send(method, path, headers: [bearer(token)])
        #expect(reply.status == 400)
        #expect(try reply.problem.errors.map(\.field) == [field])
        #expect(try reply.problem.errors.map(\.message) == [message])
        #expect(try await library.list(as: token).count == 1)
    }

    /// A parameter for a file of authors is refused for one author.
    @Test(arguments: ["/author", "/authors"], ["atomic=true", "on_conflict=update", "dry_run=true", "dry_run=false"])
    func oneAuthorIsNoFile(path: String, query: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let reply = try await library.post("\(path)?\(query)", AccessTests.draft, headers: [bearer(token)])
        #expect(reply.status == 400)
        #expect(reply.code == "invalid_query")
        #expect(try reply.problem.errors.map(\.message) == ["is for a file of authors, not for one"])
        #expect(try await library.list(as: token) == [])
        let file = try await library.sendFile(AccessTests.draft, "?dry_run=true", as: token)
        #expect(try file.results == ["1 created 1"])
    }

    /// A caller who is not logged in, or is no admin, is refused before the parameters are checked.
    @Test(arguments: [("DELETE", "/authors/1?x=1", 401, 400), ("GET", "/users?x=1", 401, 403)])
    func whoAsksIsLookedAtFirst(method: String, path: String, guest: Int, user: Int) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        #expect(try await library.send(method, path).status == guest)
        #expect(try await library.send(method, path, headers: [bearer(token)]).status == user)
    }

    @Test(arguments: health)
    func aProbeMayAddWhatItLikes(path: String) async throws {
        let library = try await TestLibrary()
        for query in ["?", "?t=1&t=1", "?%zz"] {
            #expect(try await library.send("GET", path + query).status == 200)
        }
    }

    @Test(arguments: ["/authors/1?", "/authors?", "/me?", "/authors?&", "/authors?limit=5&"])
    func nothingIsNoParameter(path: String) async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        _ = try await library.create("A", "B", as: token)
        #expect(try await library.send("GET", path, headers: [bearer(token)]).status == 200)
    }
}
