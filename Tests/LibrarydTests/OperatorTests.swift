import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

@Suite(.serialized) struct OperatorTests {
    @Test(arguments: [
        OperatorRequest(.list, name: "x"), OperatorRequest(.promote), OperatorRequest(.demote),
        OperatorRequest(.backup),
        OperatorRequest(.backup, path: "relative"), OperatorRequest(.backup, name: "x", path: "/x"),
    ])
    func aRequestThatIsNotRightIsRefused(request: OperatorRequest) async throws {
        let library = try await TestLibrary()
        let error = await #expect(throws: Failure.self) { try await library.perform(request) }
        #expect(error?.code == .badRequest)
    }

    @Test func requestsSurviveTheSocket() throws {
        let request = OperatorRequest(.promote, name: "ada")
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
            try await library.perform(OperatorRequest(.promote, name: "nobody"))
        }
        #expect(error?.code == .userNotFound)
    }
}

extension TestLibrary {
    func perform(_ request: OperatorRequest) async throws -> any JSONWritable { try await app.perform(request) }
}
