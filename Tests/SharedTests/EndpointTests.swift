import Foundation
import Shared
import TestSupport
import Testing

/// The list of all endpoints, by which the daemon distinguishes a wrong method from a wrong path.
struct EndpointTests {
    /// The names of the declared endpoints and of the listed endpoints, read from the source.
    private static func names() throws -> (declared: [String], listed: [String]) {
        let path = Program.repository + "/Sources/Shared/Endpoints.swift"
        let source = try String(contentsOfFile: path, encoding: .utf8)
        let list = try #require(source.firstRange(of: "public static let all:"))
        return (
            source.matches(of: /public static let (\w+) = Endpoint</).map { String($0.output.1) },
            source[list.lowerBound...].matches(of: /(\w+)\.operation\b/).map { String($0.output.1) }
        )
    }

    @Test func theListMissesNone() throws {
        let (declared, listed) = try Self.names()
        #expect(Set(declared) == Set(listed))
        #expect(declared.count == listed.count)
        #expect(listed.count == Endpoints.all.count)
        #expect(declared.contains("authorEvents"))
    }

    /// Only files of authors share their routes: with one author, and with a page; so does the page that the tutorial
    /// reads with POST.
    @Test func noTwoAreTheSame() {
        let routes = Endpoints.all.map { "\($0.method.rawValue) \($0.path)" }
        let counts = Dictionary(routes.map { ($0, 1) }, uniquingKeysWith: +)
        #expect(counts.filter { $0.value > 1 } == ["GET /authors": 2, "POST /authors": 3, "POST /author": 2])
    }
}
