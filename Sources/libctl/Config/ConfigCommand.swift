import ArgumentParser
import Shared

/// Commands for the settings in `config.json`. They need no daemon, and start with an invalid file too, so that `set`
/// and `unset` can correct it.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Keep settings for all commands.",
        discussion: "Keys:\n"
            + Config.Key.allCases.map {
                "  \($0.rawValue)\(String(repeating: " ", count: 8 - $0.rawValue.count))\($0.meaning)"
            }.joined(separator: "\n"),
        subcommands: [Get.self, Set.self, Unset.self, List.self, Path.self])

    struct Get: ParsableCommand, ContextCommand {
        static let readsConfig = false
        static let title = "config get"
        static let configuration = CommandConfiguration(
            "get", "Show the value of a key; fails with 3 if it is not set.", showsRecords: false,
            examples: "config get server")

        @Argument(help: "The key.") var key: Config.Key
        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            guard let value = try Config(folder: context.folder)[key] else {
                throw CommandError(
                    .notFound, "\(key.rawValue) is not set", hint: "libctl config set \(key.rawValue) VALUE")
            }
            try context.output.line(value, named: "value")
        }
    }

    struct Set: ParsableCommand, ContextCommand {
        static let readsConfig = false
        static let title = "config set"
        static let configuration = CommandConfiguration(
            "set", "Set a key.", showsRecords: false, examples: "config set server https://library.example.org",
            "config set pager 'less -S'"
        )

        @Argument(help: "The key.") var key: Config.Key
        @Argument(help: "Its value.", completion: .custom(Candidates.settings)) var value: String
        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            try context.set(key, value)
        }
    }

    struct Unset: ParsableCommand, ContextCommand {
        static let readsConfig = false
        static let title = "config unset"
        static let configuration = CommandConfiguration(
            "unset", "Remove a key.", showsRecords: false, examples: "config unset server")

        @Argument(help: "The key.") var key: Config.Key
        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            try context.set(key, nil)
        }
    }

    struct List: ParsableCommand, ContextCommand {
        static let readsConfig = false
        static let title = "config list"
        static let configuration = CommandConfiguration(
            "list", "List the keys that are set.", examples: "config list", "config list --json")

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            let config = try Config(folder: context.folder)
            let settings = Config.Key.allCases.compactMap { key in
                config[key].map { Setting(key: key.rawValue, value: $0) }
            }
            try context.output.show(settings)
            if settings.isEmpty { context.sayEmpty("nothing is set; to see what can be: libctl config --help") }
        }
    }

    struct Path: ParsableCommand, ContextCommand {
        static let readsConfig = false
        static let title = "config path"
        static let configuration = CommandConfiguration(
            "path", "Show the path of the file with the settings.", showsRecords: false, examples: "config path")

        @OptionGroup var options: GlobalOptions

        func run(_ context: CommandContext) throws {
            // In a pipe, the bytes of the file name are written unchanged; they need not be UTF-8.
            let path = try context.folder + "/config.json"
            try context.output.isTerminal || options.wantsJSON
                ? context.output.line(path, named: "path")
                : context.output.write(SystemText.bytes(path) + [UInt8(ascii: "\n")])
        }
    }
}

extension CommandContext {
    fileprivate func set(_ key: Config.Key, _ value: String?) throws {
        try Config.set(key, value, folder: try folder, patience: io.patience)
    }
}

extension Config.Key: ExpressibleByArgument {}

/// A key with its value.
struct Setting: Displayable {
    static let fields: [DisplayField<Setting>] = [
        .init("key") { .string($0.key) }, .init("value") { .string($0.value) },
    ]
    let key: String
    let value: String
    var identifier: String { key }
}
