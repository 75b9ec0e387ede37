import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

@Suite struct FakeServerTests {
    /// A server that is gone takes no client of a server that has come since.
    @Test func eachClientIsAnsweredByItsOwnServer() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for round in 0..<250 {
                        let text = "\(number) \(round)"
                        let server = try FakeServer(answer: FakeServer.http("200 OK", text))
                        let request = TransportRequest(method: "GET", path: "/x", headers: [], body: nil)
                        let reply = try Curl(server: try Server(server.address)).send(request)
                        #expect(reply.body == Array(text.utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
