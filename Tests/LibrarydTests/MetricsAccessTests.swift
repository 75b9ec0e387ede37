import Shared
import Testing

@testable import TestSupport

/// Who may read `GET /metrics`.
@Suite(.serialized) struct MetricsAccessTests {
    enum Caller: CaseIterable { case guest, other, admin }

    struct Origin: Sendable, CustomTestStringConvertible {
        var behindProxy = false
        var address: String? = "127.0.0.1"
        var host = "localhost:8080"
        var fields: [(String, String)] = []
        let isLocal: Bool

        var testDescription: String { "\(behindProxy) \(address ?? "-") \(host) \(fields)" }
    }

    static let origins = [
        Origin(isLocal: true), Origin(address: "127.8.8.8", host: "127.0.0.1", isLocal: true),
        Origin(address: "::1", host: "[::1]:8080", isLocal: true),
        Origin(address: "::ffff:127.0.0.1", isLocal: true),
        Origin(address: "192.0.2.1", isLocal: false), Origin(address: "2001:db8::1", isLocal: false),
        Origin(address: nil, isLocal: false),
        // A proxy on this machine passes on what others ask.
        Origin(fields: [("X-Forwarded-For", "203.0.113.9")], isLocal: false),
        Origin(fields: [("X-Forwarded-For", "127.0.0.1")], isLocal: false),
        Origin(fields: [("X-Forwarded-For", "")], isLocal: false),
        Origin(fields: [("x-forwarded-proto", "https")], isLocal: false),
        Origin(fields: [("Forwarded", "for=127.0.0.1")], isLocal: false),
        Origin(fields: [("Via", "1.1 x")], isLocal: false),
        Origin(fields: [("X-Real-IP", "127.0.0.1")], isLocal: false),
        Origin(host: "library.example.org", isLocal: false), Origin(host: "127.0.0.1.example.org", isLocal: false),
        Origin(host: "", isLocal: false),
        Origin(behindProxy: true, isLocal: true),
        Origin(behindProxy: true, fields: [("X-Forwarded-For", "127.0.0.1")], isLocal: false),
        Origin(behindProxy: true, host: "library.example.org", isLocal: false),
        Origin(behindProxy: true, address: "10.0.0.1", isLocal: false),
        // Only the other end of the connection counts.
        Origin(address: "192.0.2.1", fields: [("X-Forwarded-For", "127.0.0.1")], isLocal: false),
    ]

    @Test(arguments: origins)
    func whoMayRead(origin: Origin) async throws {
        let library = try await TestLibrary(behindProxy: origin.behindProxy)
        let tokens = [
            Caller.guest: nil, .other: try await library.login("other").token, .admin: try await library.adminToken(),
        ]
        for caller in Caller.allCases {
            let token = tokens[caller] ?? nil
            let reply = try await library.send(
                "GET", "/metrics", headers: (token.map { [bearer($0)] } ?? []) + origin.fields, address: origin.address,
                host: origin.host)
            switch caller {
            case _ where origin.isLocal: #expect(reply.status == 200)
            case .guest: #expect(reply.status == 401 && reply.code == "token_missing")
            case .other: #expect(reply.status == 403 && reply.code == "admin_required")
            case .admin: #expect(reply.status == 200)
            }
            #expect(reply.text.contains("libraryd_ready") == (reply.status == 200))
        }
    }
}
