import Foundation
import TestSupport
import Testing

/// The credentials file, when many processes refresh a login at once and when one is killed during a refresh.
@Suite(.serialized) struct CredentialsTests {
    private let home = TemporaryFolder()

    @Test func twentyProcessesRefreshOnceAndAllSucceed() async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        try home.expireLogins()
        let codes = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<20 { group.addTask { [home] in try await daemon.libctl("whoami", home: home).code } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes == Array(repeating: 0, count: 20))
        #expect(daemon.log.split(separator: "\n").filter { $0.contains("/token/refresh") }.count == 1)
    }

    /// Whichever system call the process is killed in, the next process finds a readable file and a valid login.
    @Test(
        .enabled(if: Program.mayTrace, "strace may not trace here"),
        arguments: ["flock", "sendto", "recvfrom", "unlink", "write", "fsync", "rename"])
    func aProcessThatIsKilledWhileItRefreshesLosesNoLogin(call: String) async throws {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        for number in 1..<100 {
            try home.expireLogins()
            let result = try await Program.run(
                "/usr/bin/strace",
                [
                    "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                    "inject=\(call):signal=KILL:when=\(number)", Program.path("libctl"), "whoami",
                ],
                environment: ["HOME": home.path, "LIBCTL_SERVER": daemon.address])
            let next = try await daemon.libctl("whoami", home: home)
            #expect(next.code == 0, "\(call) \(number): \(next.error)")
            #expect(next.output == "ada\n")
            if result.code == 0 {
                #expect(number > 1)
                return
            }
            #expect(result.code == 128 + SIGKILL)
        }
        Issue.record("no life without a kill in 100")
    }
}
