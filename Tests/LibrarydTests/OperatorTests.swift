import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

@Suite(.serialized) struct OperatorTests {
    @Test(arguments: [
        #"{"command":"list","name":"x"}"#, #"{"command":"promote"}"#, #"{"command":"demote"}"#, "{}", "[]",
        #"{"command":"backup"}"#, #"{"command":"backup","name":"x","path":"/x"}"#,
        #"{"command":"passwd","name":"ada"}"#, #"{"command":"add","name":"ada"}"#, #"{"command":"promote","name":7}"#,
    ])
    func aRequestThatIsNotRightIsRefused(request: String) throws {
        #expect(throws: InvalidFields.self) {
            try OperatorRequest(json: Array(request.utf8), unknownMembers: .rejected)
        }
    }

    @Test(arguments: [
        OperatorRequest.backup(path: "relative", keep: 1), .importFlask(path: "", owner: nil, dryRun: true),
        .unknown("destroy"),
    ])
    func aRequestThatCannotBeServedIsRefused(request: OperatorRequest) async throws {
        let library = try await TestLibrary()
        let error = await #expect(throws: Failure.self) { try await library.perform(request) }
        #expect(error?.code == .badRequest)
    }

    @Test(arguments: [
        OperatorRequest.list, .add("ada", password: "p"), .promote("ada"), .demote("ada"), .disable("ada"),
        .enable("ada"), .delete("ada"),
        .passwd("ada", password: "p"), .backup(path: "/x", keep: 3),
        .importFlask(path: "/x", owner: "ada", dryRun: true),
        .importFlask(path: "/x", owner: nil, dryRun: false), .rotateKey, .health, .unknown("x"),
    ])
    func everyRequestSurvivesTheSocket(request: OperatorRequest) throws {
        #expect(try OperatorRequest(json: request.json, unknownMembers: .rejected) == request)
    }

    @Test func requestsSurviveTheSocket() throws {
        let request = OperatorRequest.promote("ada")
        #expect(String(decoding: request.json, as: UTF8.self) == #"{"command":"promote","name":"ada"}"#)
        #expect(try OperatorRequest(json: request.json, unknownMembers: .rejected) == request)
    }

    @Test func errorsSurviveTheSocket() throws {
        let error = CommandError(.conflict, "reason", hint: "hint")
        #expect(try CommandError(json: error.json, unknownMembers: .rejected) == error)
    }

    /// Registration is closed, and more accounts are made than one address may register in a minute.
    @Test func anOperatorMakesAccountsWithoutALimit() async throws {
        let library = try await TestLibrary(isRegistrationOpen: false)
        for number in 0..<8 {
            _ = try await library.perform(.add("user\(number)", password: "correct horse"))
        }
        let login = try await library.send("POST", "/login", headers: [basic("user7", "correct horse")])
        #expect(login.status == 200)
        let taken = await #expect(throws: StoreError.self) {
            try await library.perform(.add("USER1", password: "correct horse"))
        }
        #expect(taken.map { CommandError($0) }?.exit == .conflict)
        let short = await #expect(throws: InvalidFields.self) {
            try await library.perform(.add("bob", password: "short"))
        }
        #expect(short?.errors.map(\.field) == ["password"])
        #expect(try library.count("user") == 8)
    }

    @Test func anUnknownUserIsNotFound() async throws {
        let library = try await TestLibrary()
        let error = await #expect(throws: StoreError.self) {
            try await library.perform(OperatorRequest.promote("nobody"))
        }
        #expect(error?.code == .userNotFound)
    }
}

extension TestLibrary {
    func perform(_ request: OperatorRequest) async throws -> any JSONWritable { try await app.perform(request) }
}
