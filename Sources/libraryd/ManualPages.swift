import ArgumentParser
import CommandHelp
import Shared

/// The manual pages of `libraryd` and of its configuration file.
enum ManualPages {
    /// The page for `--generate-manual 8` and `--generate-manual 5`; `nil` for other arguments.
    static func asked(by arguments: [String]) throws -> String? {
        switch arguments {
        case ["--generate-manual", "8"]: try program()
        case ["--generate-manual", "5"]: configurationFile()
        default: nil
        }
    }

    private static func program() throws -> String {
        try Manual.text(
            of: Libraryd.self,
            Manual.Page(
                version: Libraryd.version, section: 8,
                overview: """
                    Without a command, libraryd serves the library until SIGTERM or SIGINT. No setting is needed. The \
                    other commands work whether the daemon is up or down, for the user whose library it is.
                    """,
                sections: [
                    ("SIGNALS", signals), ("FILES", files), ("ENVIRONMENT", environment), ("EXIT STATUS", exitCodes),
                ],
                related: ["libctl(1)", "libraryd-config(5)", "systemd.service(5)", "systemd.socket(5)"]))
    }

    private static func configurationFile() -> String {
        let keys = CommandArgument.all(of: ServeCommand.self).compactMap { argument -> (String, String)? in
            let key = argument.names.first.map { String($0.dropFirst(2)) } ?? ""
            guard Settings.keys.contains(key) else { return nil }
            let form = argument.kind == .flag ? "true or false. " : ""
            return (key, form + argument.abstract + " Variable: \(Settings.variable(key)).")
        }
        return Manual.text(
            name: "libraryd-config", abstract: "Configuration file of libraryd.", keys: keys, configurationPage)
    }

    private static let configurationPage = Manual.Page(
        version: Libraryd.version, section: 5,
        overview: """
            The file that --config or LIBRARYD_CONFIG names is one JSON object. Its members are named like the \
            options of libraryd serve, and have strings, numbers, true or false. An unknown member ends the start \
            with 78, and names the most similar one. An option wins over a variable, a variable over the file.

            The package has /etc/libraryd/config.json for the service of the system. 'libraryd config' shows each \
            value that is in effect, and where it came from. SIGHUP reads log-level again; other changes need a \
            restart.
            """,
        sections: [
            (
                "EXAMPLE",
                """
                  {"listen": "127.0.0.1:9000", "registration": "closed", "log-level": "notice"}
                """
            )
        ], related: ["libraryd(8)"])

    private static let signals = """
        SIGTERM, SIGINT   Stop: no new connections, the requests that are under way end, at most 15 seconds.
        SIGHUP            Read the certificate and the level of the log again.
        SIGUSR1, SIGUSR2  Ignored, as other signals without a use.
        """

    private static let files = """
        library.db           In the data folder: the library. library.db-wal and library.db-shm belong to it.
        library.db.schema-N  The library before an upgrade from schema N.
        signing.key          Signs the tokens.
        operator.sock        Where the other commands ask the daemon.
        """

    private static let environment = """
        \((["config"] + Settings.keys).map(Settings.variable).joined(separator: "\n"))
                             The options of serve with these names.
        XDG_DATA_HOME        Where the folder libraryd is, without --data; else ~/.local/share.
        XDG_RUNTIME_DIR      Where libraryd.sock is, without --listen and --socket.
        LISTEN_FDS           Sockets that listen already, from systemd (sd_listen_fds(3)).
        NOTIFY_SOCKET        Where the daemon says that it is ready, stops, and is alive (sd_notify(3)).
        WATCHDOG_USEC        How often it has to say that it is alive.
        LIBRARYD_COMPLETION_MS  Milliseconds that a completion may take.
        """

    private static let exitCodes = """
        0    Done.
        1    Anything that has no code of its own.
        2    Declined at a prompt.
        3    Not found.
        6    In conflict with what is there.
        8    Some rows were left out.
        64   Wrong usage, or --yes would be needed.
        65   The library or the input is damaged, or is none.
        66   A file cannot be read.
        69   An address cannot be listened on, or no daemon runs.
        74   The disk or the output failed.
        75   Try again later: another daemon has the folder, or the daemon does not answer.
        77   The library belongs to another user.
        78   Bad configuration.
        """
}
