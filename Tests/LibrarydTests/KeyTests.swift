import Foundation
import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import TestSupport
@testable import libraryd

/// A new signing key, and the tokens of the retired key.
@Suite(.serialized) struct KeyTests {
    private func code(_ token: String, _ library: TestLibrary) async throws -> String? {
        try await library.send("GET", "/me", headers: [bearer(token)]).code
    }

    private func rotate(_ library: TestLibrary) async throws -> KeyRotation {
        try #require(try await library.app.perform(OperatorRequest.rotateKey) as? KeyRotation)
    }

    private func keyID(_ token: String) throws -> String {
        let header = try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[0]) ?? [])
        guard case .object(let members) = header,
            case .string(let id)? = members.first(where: { $0.name == "kid" })?.value
        else { throw Missing(what: "a kid") }
        return id
    }

    @Test func aNewKeySignsAtOnceAndTheOldTokensStayGood() async throws {
        let library = try await TestLibrary()
        let old = try await library.login("ada")
        #expect(try await code(old.token, library) == nil)
        let rotation = try await rotate(library)
        #expect(rotation.retiredUntil == library.time.now.adding(seconds: 1800))
        let new = try await library.login("ada")
        #expect(try keyID(new.token) == rotation.keyID)
        #expect(try keyID(old.token) != rotation.keyID)
        #expect(try await code(old.token, library) == nil)
        #expect(try await code(new.token, library) == nil)
        // A logout ends a session whichever key has signed its token.
        _ = try await library.send("POST", "/logout", headers: [bearer(old.token)])
        #expect(try await code(old.token, library) == "token_revoked")
    }

    @Test(.onSQLite("keys are in files")) func aRestartKeepsBothKeys() async throws {
        let folder = TemporaryFolder()
        var library: TestLibrary? = try await TestLibrary(folder: folder)
        let time = try #require(library).time
        let old = try await #require(library).login("ada").token
        _ = try await rotate(#require(library))
        let new = try await #require(library).login("ada").token
        library = nil
        let again = try await TestLibrary(folder: folder, time: time)
        #expect(try await code(old, again) == nil)
        #expect(try await code(new, again) == nil)
        for name in ["signing.key", "signing.key.retired"] {
            #expect(try FileStatus(path: folder.path + "/" + name)?.isPrivate == true)
        }
    }

    @Test func tokensOfTheKeyBeforeTheLastAreNoLongerOurs() async throws {
        let library = try await TestLibrary()
        let first = try await library.login("ada").token
        #expect(try await code(first, library) == nil)
        _ = try await rotate(library)
        let second = try await library.login("ada").token
        _ = try await rotate(library)
        #expect(try await code(first, library) == "token_malformed")
        #expect(try await code(second, library) == nil)
    }

    /// A thief of the retired key can sign tokens that the daemon never issued. They expire with the last genuine
    /// one.
    @Test(.onSQLite("the test knows the key")) func theOldKeyEndsWithTheLastTokenThatTheDaemonSignedWithIt()
        async throws
    {
        let library = try await TestLibrary()
        let old = try await library.login("ada").token
        let now = library.time.now.seconds
        _ = try await rotate(library)
        library.time.advance(seconds: 60)
        let parts = old.split(separator: ".").map(String.init)
        func forge(_ change: (String) -> String) throws -> String {
            let claims = change(String(decoding: try #require(Base64URL.decode(parts[1])), as: UTF8.self))
            let input = parts[0] + "." + Base64URL.encode(Array(claims.utf8))
            return input + "." + Base64URL.encode(HMAC.sha256(Array(input.utf8), key: Array(0..<32)))
        }
        #expect(try await code(try forge { $0 }, library) == nil)
        // A lifetime longer than that of any genuine token.
        let long = try forge { $0.replacing(#""exp":\#(now + 1800)"#, with: #""exp":\#(now + 999_999)"#) }
        #expect(try await code(long, library) == nil)
        library.time.advance(seconds: 1740)
        #expect(try await code(long, library) == "token_expired")
    }

    /// The two key files are written one after the other, and the daemon may be killed in between.
    @Test func aRotationThatWasCutShortChangesNothing() async throws {
        let folder = TemporaryFolder()
        let files = KeyFiles(folder: folder.path)
        let keys = try files.load()
        let retired = SigningKeys.Retired(key: keys.current, at: Timestamp(milliseconds: 1))
        try FileContents.write(retired.json, to: folder.path + "/signing.key.retired")
        #expect(try files.load() == keys)
    }

    @Test(arguments: ["signing.key", "signing.key.retired"])
    func keysThatOthersCanReadOrThatAreNoneAreRefused(name: String) throws {
        let folder = TemporaryFolder()
        let files = KeyFiles(folder: folder.path)
        _ = try files.rotate(try files.load(), at: Timestamp(milliseconds: 1))
        let path = folder.path + "/" + name
        let whole = try FileContents.read(path, limit: 1024)
        chmod(path, 0o640)
        #expect(#expect(throws: CommandError.self) { try files.load() }?.exit == .noPermission)
        chmod(path, 0o600)
        #expect(try files.load().retired != nil)
        try FileContents.write(Array(whole.dropLast()), to: path)
        #expect(#expect(throws: CommandError.self) { try files.load() }?.exit == .dataError)
        #expect(try FileContents.read(path, limit: 1024) == whole.dropLast())
    }

    /// No token is refused while the key changes.
    @Test func nobodyIsRefusedDuringARotation() async throws {
        let library = try await TestLibrary()
        try await withThrowingTaskGroup(of: [String?].self) { group in
            for user in 0..<4 {
                group.addTask {
                    var codes: [String?] = []
                    for _ in 0..<25 {
                        let token = try await library.login("user\(user)").token
                        for _ in 0..<4 { codes.append(try await self.code(token, library)) }
                    }
                    return codes
                }
            }
            // One rotation only: after two of them an old token may be refused.
            _ = try await rotate(library)
            for try await codes in group { #expect(codes.allSatisfy { $0 == nil }) }
        }
    }
}
