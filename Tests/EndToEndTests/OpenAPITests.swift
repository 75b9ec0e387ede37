import Foundation
import Shared
import TestSupport
import Testing

/// `/openapi.json`, read by a program of others.
@Suite(.serialized) struct OpenAPITests {
    /// Where `scripts/python-tools` puts the programs.
    private static let tools = Program.repository + "/.build/python/bin/"

    private func validate(_ json: [UInt8]) async throws -> Program.Result {
        let folder = TemporaryFolder()
        let path = folder.path + "/openapi.json"
        try Data(json).write(to: URL(fileURLWithPath: path))
        return try await Program.run(Self.tools + "openapi-spec-validator", [path])
    }

    @Test func theDocumentIsValid() async throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: Self.tools + "openapi-spec-validator"),
            "run scripts/python-tools first")
        let document = try await TestLibrary().send("GET", Endpoints.document.path)
        let result = try await validate(document.body)
        #expect(result.code == 0, "\(result.output)\(result.error)")
        let broken = document.text.replacing(#""responses":"#, with: #""responces":"#)
        #expect(try await validate(Array(broken.utf8)).code != 0)
    }
}
