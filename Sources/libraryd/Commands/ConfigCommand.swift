import ArgumentParser
import Foundation
import Shared

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show each setting, and where its value came from.",
        discussion: """
            Takes the options of serve, and checks them as serve does: exits with 78 if one is not right. The source \
            is an option, a variable, the configuration file, or `default`. The defaults of the log depend on whether \
            standard error is a terminal.
            """)

    @OptionGroup var flags: Flags
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Exit.reporting("config", asJSON: output.wantsJSON) {
            let environment = ProcessInfo.processInfo.environment
            let settings = try Settings(options: flags.texts, environment: environment)
            Exit.warn(of: settings.unknownVariables)
            Listing(
                settings.values,
                [
                    .init("key", \.key), .init("value") { $0.shown ?? "" },
                    .init("source") { $0.origin.name ?? $0.origin.kind },
                ]
            ).show(output.format ?? .automatic)
        }
    }
}

extension SettingValue: JSONWritable {
    /// The value without what looks like a secret: it may be one that was entered in the wrong place.
    var shown: String? { value.map(Secrets.removed) }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("key", key)
            json.member("value") { $0.value(shown.map { .string($0) } ?? .null) }
            json.member("source", origin.kind)
            if let name = origin.name { json.member("name", Secrets.removed(from: name)) }
        }
    }
}
