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
        #"{"command":"passwd","name":"ada"}"#, #"{"command":"promote","name":7}"#,
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
        OperatorRequest.list, .promote("ada"), .demote("ada"), .disable("ada"), .enable("ada"), .delete("ada"),
        .passwd("ada", password: "p"), .backup(path: "/x", keep: 3),
        .importFlask(path: "/x", owner: "ada", dryRun: true),
        .importFlask(path: "/x", owner: nil, dryRun: false), .rotateKey, .unknown("x"),
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
