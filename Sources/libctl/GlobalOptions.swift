import ArgumentParser
import CommandHelp
import Shared

/// The options of every command.
struct GlobalOptions: ParsableArguments {
    @Option(help: .general("Server: http://HOST:PORT, https://HOST or unix:/PATH.", "url"))
    var server: String?

    @Option(
        help: .general("Certificates to trust, in PEM, instead of the system's.", "file"), completion: .file())
    var cacert: String?

    @Option(
        help: .general("Which of several logins at the server to use.", "name"), completion: .custom(Candidates.logins))
    var user: String?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: .general("Format of the results. (default: table, in a pipe tsv)", "format"))
    var format: OutputFormat?

    @Flag(help: .general("The same as --output json."))
    var json = false

    @Flag(
        inversion: .prefixedNo,
        help: .general("Names of the fields above a list. (default: all but tsv)"))
    var headers: Bool?

    @Option(help: .general("Fields to show, separated by commas.", "names"), completion: .custom(Candidates.fields))
    var fields: String?

    @Option(help: .general("Limit of a request, such as 10s; then the exit code is 75.", "time"))
    var timeout: TimeSpan?

    @Option(help: .general("When to use colour. (default: auto)", "when"))
    var color: ColorChoice?

    @Flag(help: .general("Show the output in a pager, on a terminal."))
    var pager = false

    @Flag(help: .general("Never ask; fail where a question would be needed."))
    var noInput = false

    @Flag(name: .shortAndLong, help: .general("Print only results and errors."))
    var quiet = false

    @Flag(name: .shortAndLong, help: .general("Report each request on standard error, without secrets."))
    var verbose = false

    /// The options `--server`, `--cacert` and `--user` as they were given, each with a space before it. A command with
    /// these options acts on the same login.
    var loginOptions: String {
        [("--server", server), ("--cacert", cacert), ("--user", user)].map { name, value in
            value.map { " \(name) \(Escaping.shell($0))" } ?? ""
        }.joined()
    }

    func validate() throws {
        if timeout?.seconds == 0 {
            throw CommandError(.usage, "--timeout takes at least 1s", hint: "for example: --timeout 10s")
        }
    }

    /// Joins `--` to the option of which it is the value, as in `--book --`: the argument parser would take it for the
    /// end of the options.
    static func joinDashes(_ arguments: [String]) -> [String] {
        guard zip(arguments, arguments.dropFirst()).contains(where: { $0.hasPrefix("--") && $0 != "--" && $1 == "--" })
        else { return arguments }
        var path = CommandPath(root: Libctl.self)
        for word in moveBehindCommand(arguments) { guard path.descend(to: word) else { break } }
        let options = CommandArgument.all(of: path.command).filter { $0.kind == .option }.flatMap(\.names)
        var joined: [String] = []
        var index = 0
        while index < arguments.count, arguments[index] != "--" {
            let takesNext = options.contains(arguments[index]) && index + 1 < arguments.count
            let isJoined = takesNext && arguments[index].hasPrefix("--") && arguments[index + 1] == "--"
            joined += isJoined ? [arguments[index] + "=--"] : Array(arguments[index...].prefix(takesNext ? 2 : 1))
            index += takesNext ? 2 : 1
        }
        return joined + arguments[index...]
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

    /// Whether the options choose the format or the fields of results.
    var choosesResults: Bool { format != nil || json || fields != nil }

    /// Whether errors are reported as JSON.
    var wantsJSON: Bool { json || format == .json || format == .ndjson }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, tsv, csv, json, ndjson, id
}

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}

extension ArgumentHelp {
    /// The help of an option of every command: `libctl help options` shows it, the pages of the commands do not.
    static func general(_ abstract: String, _ value: String? = nil) -> ArgumentHelp {
        ArgumentHelp(abstract, valueName: value, visibility: .hidden)
    }
}
