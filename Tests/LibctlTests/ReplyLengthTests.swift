import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Exit code 0 means that the reply was whole. A reply without a reliable length may not be whole (RFC 9112, section
/// 6.3).
@Suite(.serialized) struct ReplyLengthTests {
    private static let status = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n"

    private func send(_ answer: String, method: String = "GET") throws -> (reply: TransportReply?, why: String) {
        let server = try FakeServer(answer: answer)
        let curl = Curl(server: try Server(server.address))
        do {
            let request = TransportRequest(method: method, path: "/x", headers: [], body: nil)
            return (try curl.send(request), "")
        } catch let failure as CommandError {
            #expect(failure.exit == .protocolError)
            return (nil, failure.reason.replacing(server.address, with: "URL"))
        }
    }

    @Test(
        arguments: [
            ("Content-Length: 99999999999999999999", "the length that it announces is no number"),
            ("Content-Length : 9", "a line of its head is no field"),
            ("Content-Length: 99999999999999999999\r\nHTTP/1.1 200: x", "a line of its head is no field"),
            ("Content-Length: 9223372036854775808", "the length that it announces is no number"),
            ("Content-Length: 9223372036854775807", "it announced 9223372036854775807 bytes and brought 5"),
            ("Content-Length: 6", "it announced 6 bytes and brought 5"),
            ("Content-Length: 5\r\nContent-Length: 6", "it announces its length twice"),
            ("Content-Length: 6\r\nContent-Length: 5", "it announces its length twice"),
            ("Content-Length: 5\r\nContent-Length: 5", "it announces its length twice"),
            ("Content-Length: -5", "the length that it announces is no number"),
            ("Content-Length: +5", "the length that it announces is no number"),
            ("Content-Length: 5, 5", "the length that it announces is no number"),
            ("Content-Length: 5, 6", "the length that it announces is no number"),
            ("Content-Length: 0x5", "the length that it announces is no number"),
            ("Content-Length: 5;", "the length that it announces is no number"),
            ("Content-Length: ", "the length that it announces is no number"),
            ("Content-Length: 5\r6", "a line of its head is no field"),
            ("Content-Length: 5\r\n 6", "a line of its head is no field"),
            ("Content-Length : 5", "a line of its head is no field"),
            ("X-Nothing: 5", "it does not tell where it ends"),
            (
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
                "it announces its length, and that it has none"
            ),
            ("Transfer-Encoding: identity", "it tells its end in a way that HTTP does not know"),
            ("Transfer-Encoding: chunked, chunked", "it tells its end in a way that HTTP does not know"),
            ("Transfer-Encoding: gzip, chunked", "it tells its end in a way that HTTP does not know"),
            ("Content-Length: 5\r\nContent-Encoding: gzip", "it is encoded, and nobody asked for that"),
            (
                "Content-Encoding: x\r\ncontent-encoding: identity\r\nContent-Length: 5",
                "it is encoded, and nobody asked for that"
            ),
        ] as [(String, String)])
    func aLengthThatIsALieIsNoLength(fields: String, fault: String) throws {
        let (reply, why) = try send(Self.status + fields + "\r\n\r\n{}\n{}")
        #expect(reply == nil)
        // libcurl may have found the fault first, and then the message is in its words.
        let own = "the reply from URL is not whole: "
        #expect(why == "the reply from URL may not be whole: \(fault)" || why.hasPrefix(own), "\(why)")
    }

    @Test(arguments: [
        "5\r\n{}\n{}\r\n", "5\r\n{}\n{}", "5\r\n{}\n{}\r\n0\r\n", "", "x\r\n{}\n{}",
        "-5\r\n{}\n{}\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n{}\n{}\r\n0\r\n\r\n",
    ])
    func chunksThatDoNotEndAreNotWhole(chunks: String) throws {
        let (reply, why) = try send(Self.status + "Transfer-Encoding: chunked\r\n\r\n" + chunks)
        #expect(reply == nil)
        #expect(why.contains("whole: "))
    }

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\n\r\n{}\n{}",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}\n{}\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\n{}\n{}",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n{}\n{}",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}\n{}",
        "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\n{}", "{}\n{}", "",
    ])
    func otherRepliesThatMayNotBeWhole(answer: String) throws {
        #expect(try send(answer).reply == nil)
    }

    @Test(arguments: [
        "Content-Length: 5\r\nContent-Length: 6", "Content-Length: x",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
    ])
    func aHeadAloneTellsNoLieEither(fields: String) throws {
        #expect(try send(Self.status + fields + "\r\n\r\n", method: "HEAD").reply == nil)
    }

    @Test func whatIsWholeIsTaken() throws {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length:5 \t\r\n\r\n{}\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: Identity\r\n\r\n{}\n{}",
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n{}\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\n{}\n{}\r\n0\r\nContent-Length: 9\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}\n{}",
        ] {
            #expect(try send(answer).reply?.body == Array("{}\n{}".utf8), "\(answer)")
        }
        for answer in [
            "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ] {
            #expect(try send(answer).reply?.body == [], "\(answer)")
        }
        #expect(try send(Self.status + "Content-Length: 5\r\n\r\n", method: "HEAD").reply?.status == 200)
    }

    /// Runs a command that must refuse the whole reply of the server, and returns its result.
    private func refused(_ arguments: [String], at server: FakeServer) async throws -> Program.Result {
        let home = TemporaryFolder()
        let result = try await Program.run(
            Program.path("libctl"), arguments,
            environment: ["HOME": home.path, "LIBCTL_SERVER": server.address, "LIBCTL_TOKEN": "t"],
            input: #"{"name":"A","book":"B","country":"C"}"#)
        #expect(result.code == 76, "\(result.error)")
        #expect(result.output == "")
        return result
    }

    /// All ways in which commands read a reply: streamed, in memory, in a temporary file.
    @Test(arguments: [
        ["authors", "export"], ["authors", "stats"], ["authors", "list"], ["authors", "list", "--json"],
        ["users", "list"],
        ["authors", "watch", "--count", "1"], ["api", "GET", "/authors"], ["api", "HEAD", "/authors"],
        ["authors", "import", "-"], ["sessions", "list"], ["whoami"], ["status"], ["authors", "rm", "1", "--yes"],
    ])
    func noCommandTakesALie(arguments: [String]) async throws {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 99999999999999999999\r\n\r\n"
        let server = try FakeServer(answer: head + #"{"id":1}"# + "\n")
        let result = try await refused(arguments, at: server)
        #expect(result.error.contains("may not be whole: the length that it announces is no number"), "\(result.error)")
    }

    /// A status below 400 that the endpoint does not use is refused. The reply may be a part (206), may have been
    /// changed by a proxy (203), or the work may not be done yet (202).
    @Test(
        arguments: [
            "202 Accepted", "203 Changed", "205 Reset", "206 Partial Content\r\nContent-Range: bytes 0-8/99",
            "207 Multi", "226 IM Used", "204 No Content", "302 Found", "304 Not Modified",
        ],
        [
            ["authors", "export"], ["authors", "stats"], ["authors", "list"], ["authors", "watch", "--count", "1"],
            ["authors", "import", "-"], ["whoami"], ["api", "HEAD", "/authors"], ["api", "GET", "/authors"],
        ])
    func noCommandTakesAnotherSuccess(status: String, arguments: [String]) async throws {
        let isBare = status.hasPrefix("204") || status.hasPrefix("304")
        if arguments[0] == "api", isBare { return }
        let (body, isHead) = (isBare ? "" : #"{"id":1}"# + "\n", arguments.contains("HEAD"))
        let type = arguments.contains("watch") ? "text/event-stream" : "application/x-ndjson"
        let server = try FakeServer(
            answer: "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                + (isHead ? "" : body))
        let result = try await refused(arguments, at: server)
        #expect(
            result.error.contains("what answers at \(server.address) is not libraryd (status \(status.prefix(3)))"),
            "\(result.error)")
    }
}
