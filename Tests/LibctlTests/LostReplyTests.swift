import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// A connection that was used before ends after the daemon has got a request: nobody knows whether it has done it.
@Suite struct LostReplyTests {
    @Test(arguments: ["PATCH", "DELETE", "PUT", "POST", "GET"], [true, false])
    func aRequestIsSentOnce(method: String, isProven: Bool) throws {
        let server = try FakeServer(replies: ["HTTP/1.1 204 No Content\r\n\r\n"])
        let curl = Curl(server: try Server(server.address))
        func request(_ path: String, on connection: Int? = nil) -> TransportRequest {
            var request = TransportRequest(method: method, path: path, headers: [], body: nil)
            request.connection = connection
            return request
        }
        let first = try curl.send(request("/first"))
        let connection = try #require(first.peer).connection
        let failure = #expect(throws: CommandError.self) {
            try curl.send(request("/second", on: isProven ? connection : nil))
        }
        #expect(failure?.exit == .protocolError)
        #expect(failure?.isLostAnswer == true)
        #expect(server.requests.map { $0.split(separator: " ")[1] } == ["/first", "/second"])
    }
}
