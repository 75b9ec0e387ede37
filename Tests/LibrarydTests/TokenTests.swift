import Foundation
import JWTKit
import Shared
import TestSupport
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

/// The daemon accepts only tokens that it signed itself, for itself, of the right type, for a live session.
@Suite(.serialized) struct TokenTests {
    private static let key: [UInt8] = Array(0..<32)

    /// Signs any header and claims with the daemon's own key, as a bug of the daemon could.
    private static func sign(_ header: String, _ claims: String, key: [UInt8] = key) throws -> String {
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        let code = HMAC.sha256(Array(input.utf8), key: key)
        return input + "." + Base64URL.encode(code)
    }

    private static func parts(_ token: String) throws -> (header: String, claims: String, signature: [UInt8]) {
        let parts = token.split(separator: ".").map { Base64URL.decode($0) ?? [] }
        return (
            String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self), parts[2]
        )
    }

    private func code(_ token: String, _ library: TestLibrary) async throws -> String? {
        let reply = try await library.send("GET", "/me", headers: [bearer(token)])
        #expect(reply.status == 401 || reply.status == 200)
        return reply.code
    }

    @Test(.onSQLite("the test knows the key")) func headerAndClaimsAreWhatIsPromised() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let (header, claims, signature) = try Self.parts(token)
        guard case .object(let members) = try JSONValue(parsing: Array(header.utf8)) else {
            Issue.record("the header is not an object")
            return
        }
        #expect(members.map(\.name) == ["alg", "kid", "typ"])
        #expect(members[0].value == .string("HS256"))
        #expect(members[2].value == .string("at+jwt"))
        guard case .object(let claimed) = try JSONValue(parsing: Array(claims.utf8)) else {
            Issue.record("the claims are not an object")
            return
        }
        #expect(Set(claimed.map(\.name)) == ["iss", "aud", "sub", "public_id", "sid", "jti", "iat", "exp"])
        #expect(claimed.contains(.init(name: "exp", value: .integer(library.time.now.seconds + 1800))))
        #expect(signature.count == 32)
        #expect(try Self.sign(header, claims) == token)
    }

    @Test func theTutorialsHeaderWorksToo() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        #expect(try await library.send("GET", "/me", headers: [("x-access-tokens", token)]).status == 200)
        #expect(
            try await library.send("GET", "/me", headers: [("x-access-tokens", token), bearer(token)]).status == 200)
    }

    @Test func twoDifferentTokensAreRefused() async throws {
        let library = try await TestLibrary()
        let (first, second) = (try await library.login("ada").token, try await library.login("ada").token)
        let reply = try await library.send("GET", "/me", headers: [("x-access-tokens", first), bearer(second)])
        #expect(reply.status == 400)
        #expect(reply.code == "tokens_conflict")
    }

    @Test(arguments: [
        [], [("x-access-tokens", "")], [("Authorization", "Basic YTpi")], [("Authorization", "")],
    ])
    func noTokenIsMissing(headers: [(String, String)]) async throws {
        let library = try await TestLibrary()
        let reply = try await library.send("GET", "/authors", headers: headers)
        #expect(reply.status == 401)
        #expect(reply.code == "token_missing")
        #expect(try reply.problem.message == "a valid token is missing")
        #expect(reply.header("www-authenticate") == #"Bearer realm="libraryd""#)
    }

    @Test func theTokenExpiresToTheSecond() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        library.time.advance(seconds: 1799)
        #expect(try await code(token, library) == nil)
        library.time.advance(seconds: 1)
        let reply = try await library.send("GET", "/me", headers: [bearer(token)])
        #expect(reply.code == "token_expired")
        #expect(
            reply.header("www-authenticate")
                == #"Bearer realm="libraryd", error="invalid_token", error_description="token_expired""#)
    }

    @Test func eachFlippedSignatureBitIsRefused() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let signature = try Self.parts(token).signature
        let signed = token[..<(token.lastIndex(of: ".") ?? token.endIndex)]
        for bit in 0..<256 {
            var flipped = signature
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(try await code("\(signed).\(Base64URL.encode(flipped))", library) == "token_malformed")
        }
    }

    @Test func otherSpellingsOfTheSignatureAreRefused() async throws {
        let library = try await TestLibrary()
        let token = try await library.login("ada").token
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(token.last.flatMap { alphabet.firstIndex(of: $0) })
        // The last letter of 32 bytes in base64url has two unused bits (RFC 4648, section 3.5).
        for unused in 1...3 {
            #expect(try await code(token.dropLast() + String(alphabet[last ^ unused]), library) == "token_malformed")
        }
        #expect(try await code(token + "=", library) == "token_malformed")
        #expect(try await code(token, library) == nil)
    }

    @Test(arguments: [
        #"{"alg":"none","typ":"at+jwt"}"#, #"{"alg":"None","kid":"KID","typ":"at+jwt"}"#,
        #"{"alg":"NONE","kid":"KID","typ":"at+jwt"}"#, #"{"kid":"KID","typ":"at+jwt"}"#, "{}", "", "null",
        #"{"alg":"HS384","kid":"KID","typ":"at+jwt"}"#, #"{"alg":"RS256","kid":"KID","typ":"at+jwt"}"#,
        #"{"alg":"HS256","typ":"at+jwt"}"#, #"{"alg":"HS256","kid":"KID"}"#,
        #"{"alg":"HS256","kid":"KID","typ":"JWT"}"#,
        #"{"alg":"HS256","kid":"../../etc/passwd","typ":"at+jwt"}"#,
        #"{"alg":"HS256","kid":"' OR 1=1","typ":"at+jwt"}"#,
        #"{"alg":"HS256","kid":"\#(String(repeating: "k", count: 1_000_000))","typ":"at+jwt"}"#,
        #"{"alg":"HS256","jku":"http://localhost/","kid":"KID","typ":"at+jwt"}"#,
        #"{"alg":"HS256","jwk":{},"kid":"KID","typ":"at+jwt"}"#,
        #"{"alg":"HS256","kid":"KID","typ":"at+jwt","x5u":"x"}"#,
        #"{"alg":"HS256","crit":["b64"],"b64":false,"kid":"KID","typ":"at+jwt"}"#,
        #"{"alg":"HS256","alg":"none","kid":"KID","typ":"at+jwt"}"#, #"{ "alg":"HS256","kid":"KID","typ":"at+jwt"}"#,
    ])
    func aHeaderThatIsNotOursIsRefused(header: String) async throws {
        let library = try await TestLibrary()
        let (own, claims, _) = try Self.parts(try await library.login("ada").token)
        let kid = try #require(own.split(separator: "\"").dropFirst(7).first.map(String.init))
        let token = try Self.sign(header.replacing("KID", with: kid), claims)
        #expect(try await code(token, library) == "token_malformed")
        let unsigned = token[...(token.lastIndex(of: ".") ?? token.startIndex)]
        #expect(try await code(String(unsigned), library) == "token_malformed")
    }

    @Test(arguments: [
        (#""exp":EXP"#, #""x":1"#), (#""exp":EXP"#, #""exp":null"#), (#""exp":EXP"#, #""exp":"EXP""#),
        (#""exp":EXP"#, #""exp":1e300"#), (#""exp":EXP"#, #""exp":EXP.5"#), (#""exp":EXP"#, #""exp":EXP,"exp":EXP"#),
        (#""iss":"libraryd""#, #""iss":"somebody""#), (#""iss":"libraryd""#, #""iss":["libraryd"]"#),
        (#""iss":"libraryd""#, #""x":1"#), (#""aud":"libraryd""#, #""aud":[]"#),
        (#""aud":"libraryd""#, #""aud":["libraryd"]"#), (#""aud":"libraryd""#, #""aud":"other""#),
        (#""sub":"#, #""sub":"00000000-0000-0000-0000-000000000000","x":"#), (#""sid":"#, #""sid":7,"x":"#),
    ])
    func claimsThatAreNotRightAreRefused(_ change: (from: String, to: String)) async throws {
        let library = try await TestLibrary()
        let (header, claims, _) = try Self.parts(try await library.login("ada").token)
        let expiry = String(library.time.now.seconds + 1800)
        let from = change.from.replacing("EXP", with: expiry)
        #expect(claims.contains(from))
        let token = try Self.sign(header, claims.replacing(from, with: change.to.replacing("EXP", with: expiry)))
        #expect(try await code(token, library) == "token_malformed")
    }

    @Test(.onSQLite("the test knows the key")) func aNegativeExpiryHasPassed() async throws {
        let library = try await TestLibrary()
        let (header, claims, _) = try Self.parts(try await library.login("ada").token)
        let expiry = #""exp":\#(library.time.now.seconds + 1800)"#
        for past in ["-1", "0", "-9223372036854775808"] {
            let token = try Self.sign(header, claims.replacing(expiry, with: #""exp":\#(past)"#))
            #expect(try await code(token, library) == "token_expired")
        }
    }

    @Test(.onSQLite("the test knows the key")) func aSessionThatIsNotOursIsRevoked() async throws {
        let library = try await TestLibrary()
        let (header, claims, _) = try Self.parts(try await library.login("ada").token)
        let other = try Self.parts(try await library.login("bob").token)
        func member(_ name: String, _ claims: String) throws -> String {
            let start = try #require(claims.range(of: "\"\(name)\":\""))
            let end = try #require(claims.range(of: "\"", range: start.upperBound..<claims.endIndex))
            return String(claims[start.lowerBound..<end.upperBound])
        }
        // Ada's claims with the session of Bob.
        let mixed = claims.replacing(try member("sid", claims), with: try member("sid", other.claims))
        #expect(try await code(try Self.sign(header, mixed), library) == "token_revoked")
        let unknown = claims.replacing(try member("sid", claims), with: #""sid":"nobody""#)
        #expect(try await code(try Self.sign(header, unknown), library) == "token_revoked")
    }

    /// Swift compares strings by canonical equivalence: a Kelvin sign equals a K, though its bytes differ.
    @Test func aTokenThatIsKnownHasOneSpelling() async throws {
        let library = try await TestLibrary()
        for _ in 0..<20 {
            let token = try await library.login("ada").token
            #expect(try await code(token, library) == nil)
            let other = token.replacing("K", with: "\u{212A}")
            guard !other.utf8.elementsEqual(token.utf8) else { continue }
            #expect(other == token)
            #expect(try await code(other, library) == "token_malformed")
            return
        }
        Issue.record("no token has a K")
    }

    @Test func anotherKeysTokensAreRefused() async throws {
        let library = try await TestLibrary()
        let (header, claims, _) = try Self.parts(try await library.login("ada").token)
        #expect(try await code(try Self.sign(header, claims, key: Array(1...32)), library) == "token_malformed")
    }

    @Test(arguments: [
        "nonsense", "..", "...", "a.b", "a.b.c.d", "a.b.c.d.e", ".", "%00", String(repeating: "a", count: 5000),
    ])
    func otherTextIsRefused(text: String) async throws {
        let library = try await TestLibrary()
        #expect(try await code(text, library) == "token_malformed")
    }
}
