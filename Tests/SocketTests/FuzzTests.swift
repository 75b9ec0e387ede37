import Foundation
import TestSupport
import Testing

/// Requests that were changed at random. `make fuzz` sends more of them.
@Suite(.serialized) struct FuzzTests {
    /// No other status is an answer to a request that is not right.
    private static let statuses: Set<Int> = [
        100, 200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 414, 415, 422, 429, 431, 501, 503, 505,
    ]

    private static func seeds(token: String) -> [[UInt8]] {
        let fields = "Host: x\r\nAuthorization: Bearer \(token)\r\n"
        let author = #"{"name":"N","book":"B","country":"C","booker_prize":false}"#
        let json = "Content-Type: application/json\r\nContent-Length: \(author.utf8.count)\r\n\r\n\(author)"
        let lines = "\(author)\n"
        let chunk = "\(String(lines.utf8.count, radix: 16))\r\n\(lines)\r\n"
        return [
            "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /authors HTTP/1.1\r\n\(fields)\r\n",
            "GET /authors?limit=2&sort=name&after=WyJuYW1lIiwxLCJOIl0 HTTP/1.1\r\n\(fields)If-None-Match: \"x\"\r\n\r\n",
            "GET /authors/1 HTTP/1.1\r\n\(fields)\r\nGET /authors/2 HTTP/1.1\r\n\(fields)\r\n",
            "POST /authors HTTP/1.1\r\n\(fields)Idempotency-Key: k\r\n\(json)",
            "POST /author HTTP/1.1\r\n\(fields)Expect: 100-continue\r\n\(json)",
            "PATCH /authors/1 HTTP/1.1\r\n\(fields)If-Match: \"1-1\"\r\n\(json)",
            "DELETE /authors/1 HTTP/1.1\r\n\(fields)\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /authors?atomic=true HTTP/1.1\r\n\(fields)Content-Type: application/x-ndjson\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)0\r\nx: y\r\n\r\n",
            "POST /token/refresh HTTP/1.0\r\n" + #"Content-Type: application/json\#r\#nContent-Length: 21\#r\#n\#r\#n"#
                + #"{"refresh_token":"x"}"#,
        ].map { Array($0.utf8) }
    }

    @Test func nothingKillsOrBloatsTheDaemon() async throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2000
        var random = SeededGenerator(seed: environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
        let daemon = try await Daemon(arguments: ["--log-level", "error"])
        let home = TemporaryFolder()
        try await daemon.login("ada", home: home)
        let token = try await daemon.libctl("token", home: home).output.split(separator: "\n")[0]
        let seeds = Self.seeds(token: String(token))
        var resident = 0
        for round in 0..<rounds {
            let bytes = HTTPMutation.mutated(seeds[round % seeds.count], &random)
            let client = try RawClient(port: daemon.port)
            let cut = Int.random(in: 0...bytes.count, using: &random)
            client.send(bytes[..<cut])
            client.send(bytes[cut...])
            client.endSending()
            let answer = await client.receiveAll()
            for match in answer.matches(of: /HTTP\/1\.1 ([0-9]{3}) [A-Z]/) {
                let status = Int(match.output.1) ?? 0
                #expect(Self.statuses.contains(status), "round \(round): \(String(decoding: bytes, as: UTF8.self))")
            }
            if round == rounds / 2 { resident = try daemon.resident }
        }
        #expect(try daemon.resident < resident + 8 << 20)
        #expect(daemon.log == "")
        #expect(try daemon.send(raw: seeds[0]).hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(try await daemon.end(SIGTERM) == 0)
    }
}
