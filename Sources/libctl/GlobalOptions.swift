import ArgumentParser
import Shared

/// The options of every command.
struct GlobalOptions: ParsableArguments {
    @Option(help: "Server: http://HOST:PORT, https://HOST or unix:/PATH.")
    var server: String?

    @Option(
        help: "PEM file with the certificates to trust, for a server whose certificate no public authority has issued.",
        completion: .file())
    var cacert: String?

    @Option(help: "Which of several logins at the server to use.", completion: .custom(Candidates.logins))
    var user: String?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "Format of the results. (default: table on a terminal, else tsv)")
    var format: OutputFormat?

    @Flag(help: "The same as --output json.")
    var json = false

    @Flag(inversion: .prefixedNo, help: "Whether a list begins with the names of its fields. (default: all but tsv)")
    var headers: Bool?

    @Option(help: "Fields to show, separated by commas.", completion: .custom(Candidates.fields))
    var fields: String?

    @Option(help: "How long a request may take, such as 10s; then the exit code is 75.")
    var timeout: TimeSpan?

    @Option(help: "When to use colour. (default: auto)")
    var color: ColorChoice?

    @Flag(help: "Show the output in a pager, on a terminal.")
    var pager = false

    @Flag(help: "Never ask; fail where a question would be needed.")
    var noInput = false

    @Flag(name: .shortAndLong, help: "Say nothing but results and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Tell of each request on standard error, without secrets.")
    var verbose = false

    func validate() throws {
        if timeout?.seconds == 0 { throw ValidationError("--timeout must be at least 1s") }
    }

    /// Moves options from before the command to the end, or before `--`: the argument parser accepts them only after
    /// the command.
    static func moveBehindCommand(_ arguments: [String]) -> [String] {
        let withValue = ["--server", "--cacert", "--user", "-o", "--output", "--fields", "--timeout", "--color"]
        let alone = [
            "--json", "--headers", "--no-headers", "--pager", "--no-input", "-q", "--quiet", "-v", "--verbose",
        ]
        var count = 0
        while count < arguments.count {
            let name = arguments[count].prefix { $0 != "=" }
            if withValue.contains(arguments[count]) {
                count += 2
            } else if alone.contains(arguments[count]) || withValue.contains(String(name))
                || arguments[count].hasPrefix("-o")
            {
                count += 1
            } else {
                break
            }
        }
        guard count < arguments.count else { return arguments }
        let rest = arguments[count...]
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end] + arguments[..<count] + rest[end...])
    }

    /// Whether the arguments ask for JSON, as far as that can be told before they are parsed: `--json`, or `json` or
    /// `ndjson` in any spelling of `--output`.
    static func asksForJSON(_ arguments: [String]) -> Bool {
        let arguments = arguments.prefix { $0 != "--" }
        let formats = [OutputFormat.json, .ndjson].map(\.rawValue)
        return arguments.contains("--json")
            || zip(arguments, arguments.dropFirst()).contains {
                ["-o", "--output"].contains($0) && formats.contains($1)
            }
            || arguments.contains { word in
                ["-o=", "-o", "--output="].contains {
                    word.hasPrefix($0) && formats.contains(String(word.dropFirst($0.count)))
                }
            }
    }

    /// Whether errors are reported as JSON.
    var wantsJSON: Bool { json || format == .json || format == .ndjson }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, tsv, csv, json, ndjson, id
}

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}
