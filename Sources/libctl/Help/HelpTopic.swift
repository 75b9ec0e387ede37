import CommandHelp
import Shared

/// The topics of `libctl help TOPIC`, which concern all commands.
enum HelpTopic: String, CaseIterable {
    case environment
    case exitCodes = "exit-codes"
    case options
    case output

    var abstract: String {
        switch self {
        case .environment: "Variables and files that commands read."
        case .exitCodes: "What each exit code means."
        case .options: "The options that every command has."
        case .output: "Formats, fields, colour, and what goes where."
        }
    }

    var text: String {
        switch self {
        case .environment: Self.environmentText
        case .exitCodes:
            ExitStatus.allCases.map { "\(pad(String($0.rawValue)))\($0.meaning)" }.joined(separator: "\n")
                + "\n\(pad("128+n"))Ended by signal n."
        case .options:
            Self.lines(CommandArgument.all(of: Usage.RootOptions.self)).joined(separator: "\n")
                + "\n\nThey may stand before the command too: libctl --server URL authors list"
        case .output: Self.outputText
        }
    }

    private func pad(_ word: String) -> String {
        word + String(repeating: " ", count: max(1, 8 - word.count))
    }

    /// The names of each option and its description. A flag and its opposite, which have one description, share a line.
    private static func lines(_ arguments: [CommandArgument]) -> [String] {
        var lines: [(names: String, abstract: String)] = []
        for argument in arguments {
            let value = argument.kind == .option ? " " + argument.value.uppercased() : ""
            let names = argument.names.joined(separator: ", ") + value
            if let last = lines.last, last.abstract == argument.abstract {
                lines[lines.count - 1].names += "/" + names
            } else {
                lines.append((names, argument.abstract))
            }
        }
        return lines.map { names, abstract in
            names.count > 19
                ? names + "\n" + String(repeating: " ", count: 21) + abstract
                : names + String(repeating: " ", count: 21 - names.count) + abstract
        }
    }

    private static let environmentText = """
        LIBCTL_SERVER    The server, without --server: http://HOST:PORT, https://HOST
                         or unix:/PATH.
        LIBCTL_CACERT    The file of --cacert, without --cacert.
        SSL_CERT_FILE    The same, if neither LIBCTL_CACERT nor config.json names one.
        LIBCTL_USER      Which of several logins to use, without --user.
        LIBCTL_TOKEN     An access token or an API key ('libctl keys'); it wins over
                         the stored logins and is never refreshed.
        XDG_CONFIG_HOME  Where the folder libctl with the files below is, else
                         ~/.config.
        TZ               The time zone of the times in tables; all other formats have
                         times in UTC.
        TMPDIR           Where 'authors import' gathers what is too long for memory,
                         else /var/tmp.
        XDG_RUNTIME_DIR  Where a daemon's socket libraryd.sock is looked for.
        NO_COLOR         If set, no colour, unless --color always says so.
        LIBCTL_COMPLETION_MS
                         Milliseconds that a completion may take. (default: 350)
        PAGER            The pager of --pager, unless config.json names one.
                         (default: less -FRX)

        config.json       What 'libctl config' sets.
        credentials.json  The logins, by server and user; private (0600), replaced as
                          a whole, under a lock.

        The server is the first of --server, LIBCTL_SERVER, config.json, the daemon's
        socket if a daemon listens there, and http://127.0.0.1:8080. A token goes only
        to the address where the login was made, and to other addresses of the same
        daemon on this machine (its socket, 127.0.0.1, ::1, localhost), once it has
        proven there that it is the same. It never goes in plain HTTP to another
        machine, never after a redirect, and never through a proxy to this machine.
        Without HOME, the home folder is that of the user database.
        """

    private static let outputText = """
        Results go to standard output, everything else to standard error. -o chooses
        the format:

        table   Aligned columns; what a terminal gets. Texts are shortened to its
                width, and times are local, to the minute. On a terminal too narrow for
                that, and in 'authors show', each field has a line of its own.
        tsv     Fields separated by tabs, without a header, with \\t, \\n, \\r and \\\\
                escaped; what a pipe gets.
        csv     RFC 4180, with a header. --no-headers leaves it out, also of a table;
                --headers adds one to tsv.
        json    One array, or one object for a command that shows one thing; all
                fields. The same as --json.
        ndjson  One object a line; all fields.
        id      One id a line, for other commands.

        --fields id,name,book chooses fields, and their order, in every format but id.
        With JSON an error is one object on standard error:
        {"error":{"command":…,"exit_code":…,"message":…,"code":…}}.

        On a terminal nothing that a server sends can move the cursor, change colours
        or reorder text: such characters are shown escaped. --color is auto, always or
        never; --pager shows the output in a pager, which never happens otherwise. A
        pipe that closes early ends the program silently.
        """
}
