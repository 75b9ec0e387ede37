import Shared
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

@Suite struct PasswordTests {
    /// RFC 7914, section 12: N=1024, r=8, p=16. The PHC string holds the first 32 bytes of that result.
    @Test func agreesWithTheRFC() async throws {
        let hash = "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI"
        let passwords = Passwords(cost: .init(logN: 4, r: 8, p: 1))
        #expect(try await passwords.verify(Array("password".utf8), against: hash))
        #expect(try await !passwords.verify(Array("passwore".utf8), against: hash))
    }

    @Test func theDefaultIsTheSettingOfOWASP() async throws {
        let hash = try await Passwords().hash(Array("correct horse".utf8))
        #expect(hash.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(try await Passwords().verify(Array("correct horse".utf8), against: hash))
    }

    @Test func equalPasswordsHaveDifferentHashes() async throws {
        let passwords = Passwords(cost: .init(logN: 4, r: 8, p: 1))
        #expect(try await passwords.hash([1, 2, 3]) != passwords.hash([1, 2, 3]))
    }

    @Test(arguments: [
        "", "$", "x", "$scrypt$ln=15,r=8,p=3$$", "$scrypt$ln=99,r=8,p=3$AAAA$AAAA", "$scrypt$ln=-1,r=8,p=3$AAAA$AAAA",
        "$scrypt$ln=17,r=16,p=16$AAAA$AAAA", "$scrypt$r=8$AAAA$AAAA", "$argon2id$ln=4,r=8,p=1$AAAA$AAAA",
        "$scrypt$ln=9223372036854775808,r=8,p=1$AAAA$AAAA", "$scrypt$ln=4,r=8,p=1$!$!",
        "$scrypt$ln=4,r=0,p=1$AAAA$AAAA",
        "$scrypt$ln,r,p$AAAA$AAAA",
    ])
    func aHostileHashMatchesNothing(hash: String) async throws {
        #expect(try await !Passwords(cost: .init(logN: 4, r: 8, p: 1)).verify(Array("password".utf8), against: hash))
    }

    @Test func withoutAHashTheAnswerIsNo() async throws {
        #expect(try await !Passwords(cost: .init(logN: 4, r: 8, p: 1)).verify(Array("password".utf8), against: nil))
    }

    @Test func oneAddressDoesNotTakeAllPlaces() async throws {
        let passwords = Passwords(cost: .init(logN: 14, r: 8, p: 1), threads: 1)
        let done = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { (try? await passwords.hash([1], for: "10.0.0.1")) != nil } }
            for address in [nil, "10.0.0.2"] {
                // Requests from elsewhere, while those of the first address wait.
                group.addTask { (try? await passwords.hash([1], for: address)) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(done < 52)
        #expect(done >= 8)
    }

    @Test func theQueueIsBounded() async throws {
        let passwords = Passwords(cost: .init(logN: 12, r: 8, p: 1), threads: 1)
        let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do {
                        _ = try await passwords.hash([1])
                        return nil
                    } catch {
                        return (error as? Failure)?.code ?? .internalError
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refused = outcomes.compactMap { $0 }
        #expect(refused.allSatisfy { $0 == .busy })
        #expect(refused.count < 200)
        // When the other requests are done, the queue has room again.
        #expect(try await passwords.hash([1]).hasPrefix("$scrypt$"))
    }
}
