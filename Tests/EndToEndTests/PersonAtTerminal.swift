import Foundation
import TestSupport
import Testing

/// A user with a home folder and a terminal, whose library has four authors with unusual names.
struct PersonAtTerminal {
    let home = TemporaryFolder()

    static let authors = """
        name,book,country,booker_prize
        Hilary Mantel,Wolf Hall,UK,true
        夏目漱石,吾輩は猫である,日本,
        "$(touch pwned)","a ""b"", c",`id`,
        \u{202E}txet,back\\slash,😀,yes

        """
    static let bold = "\u{1B}[1m", plain = "\u{1B}[0m"

    /// A daemon at which the user is logged in.
    func daemon() async throws -> Daemon {
        let daemon = try await Daemon()
        try await daemon.login("ada", home: home)
        let added = try await daemon.libctl("authors", "import", "-", home: home, input: Self.authors)
        #expect(added.code == 0, "\(added.error)")
        return daemon
    }

    /// What `libctl` prints on a terminal.
    /// - Parameter line: words that are separated by spaces and have no quotes.
    func terminal(
        _ daemon: Daemon, _ line: String, columns: UInt16 = 100, environment: [String: String] = [:]
    ) async throws -> String {
        let variables = ["HOME": home.path, "LIBCTL_SERVER": daemon.address, "TERM": "xterm"]
        let (code, output) = try await PseudoTerminal(
            Program.path("libctl"), line.split(separator: " ").map(String.init),
            environment: variables.merging(environment) { $1 }, columns: columns
        ).end()
        #expect(code == 0, "\(output)")
        return output.replacing("\r\n", with: "\n")
    }
}
