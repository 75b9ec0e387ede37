import Foundation
import Shared

/// Where the value of a setting came from.
enum SettingOrigin: Sendable, Equatable {
    case option(String)
    case variable(String)
    /// The path of the configuration file.
    case file(String)
    case standard

    /// The word for the kind: `option`, `variable`, `file` or `default`.
    var kind: String {
        switch self {
        case .option: "option"
        case .variable: "variable"
        case .file: "file"
        case .standard: "default"
        }
    }

    /// The name of the option or variable, or the path of the file; `nil` for a default.
    var name: String? {
        switch self {
        case .option(let name), .variable(let name), .file(let name): name
        case .standard: nil
        }
    }
}

/// A variable with the prefix of the settings that belongs to no setting.
struct UnknownVariable: Sendable, Equatable {
    let name: String
    let hint: String

    var reason: String { "\(name) is not a known environment variable and has no effect" }
}

/// The texts of the settings, from options, variables and the configuration file.
struct SettingSources {
    private let options: [String: String]
    private let variables: [String: String]
    private let file: (path: String, values: [String: String])?
    let unknownVariables: [UnknownVariable]

    /// - Parameter options: by the keys of the settings.
    /// - Throws: ``CommandError`` `configuration` if the file is not right.
    init(options: [String: String], environment: [String: String]) throws {
        self.options = options
        variables = environment
        file = try (options["config"] ?? environment[Settings.variable("config")]).map { path in
            (try Self.path(path, "config"), Dictionary(try Self.texts(path), uniquingKeysWith: { first, _ in first }))
        }
        let known = Settings.variables + [CompletionAnswer.variable]
        unknownVariables = environment.sorted { $0.key < $1.key }.filter { name, value in
            name.hasPrefix(Settings.environmentPrefix) && !known.contains(name) && !Self.isInjected(name, value)
        }.map { UnknownVariable(name: $0.key, hint: Self.hint(forVariable: $0.key, known)) }
    }

    /// The path, if it is one: an empty one would be the current directory, or a socket without a name.
    /// - Throws: ``CommandError`` `configuration`.
    private static func path(_ text: String, _ key: String) throws(CommandError) -> String {
        guard text.isEmpty else { return text }
        throw CommandError(.configuration, "\(key) must be a path, not ''", hint: "leave it out, or name one")
    }

    /// The path that a setting has; `nil` if it has none.
    /// - Throws: ``CommandError`` `configuration`.
    func path(_ key: String) throws(CommandError) -> String? {
        guard let (text, _) = value(key) else { return nil }
        return try Self.path(text, key)
    }

    /// The text of a setting, from the first source that has one; `nil` if none has.
    func value(_ key: String) -> (text: String, origin: SettingOrigin)? {
        if let text = options[key] { return (text, .option("--" + key)) }
        let variable = Settings.variable(key)
        if let text = variables[variable] { return (text, .variable(variable)) }
        return file.flatMap { file in file.values[key].map { ($0, .file(file.path)) } }
    }

    /// Whether Kubernetes or Docker set the variable, for a service or container that is named `libraryd`
    /// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables,
    /// https://docs.docker.com/engine/network/links/#environment-variables).
    private static func isInjected(_ name: String, _ value: String) -> Bool {
        let name = name.dropFirst(Settings.environmentPrefix.count)
        let isService = name.wholeMatch(of: /SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)/) != nil
        let isPort = name.wholeMatch(of: /PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?/) != nil
        return isService || isPort || name == "PORT" && value.contains("://") || name == "NAME" && value.hasPrefix("/")
            || name.hasPrefix("ENV_")
    }

    /// The members of a configuration file. All keys must be known; a number or a flag is taken as its text.
    private static func texts(_ file: String) throws -> [(String, String)] {
        let members: [JSONValue.Member]
        do {
            guard case .object(let all) = try JSONValue(parsing: FileContents.read(file, limit: 1 << 20)) else {
                throw CommandError(.configuration, "\(file) is not a JSON object")
            }
            members = all
        } catch let error as JSONSyntaxError {
            throw CommandError(.configuration, "\(file): \(error)")
        }
        return try members.map { member in
            guard Settings.keys.contains(member.name) else {
                let nearest = closest(to: member.name, among: Settings.keys)
                throw CommandError(
                    .configuration, "\(member.name) is not a known key in \(file)",
                    hint: nearest.map { "did you mean \($0)?" } ?? "libraryd serve --help")
            }
            switch member.value {
            case .string(let text): return (member.name, text)
            case .bool(let flag): return (member.name, String(flag))
            case .integer(let number): return (member.name, String(number))
            case .number(let number): return (member.name, String(number))
            case .null, .array, .object:
                throw CommandError(.configuration, "\(file): \(member.name) must be a string, a number, true or false")
            }
        }
    }

    private static func hint(forVariable name: String, _ known: [String]) -> String {
        // The prefix, which all variables have, says nothing about which one is meant.
        func rest(_ name: String) -> String { name.dropFirst(Settings.environmentPrefix.count).lowercased() }
        if let nearest = closest(to: rest(name), among: known.map(rest)) {
            return "did you mean \(Settings.environmentPrefix)\(nearest.uppercased())?"
        }
        let listen = Settings.variable("listen")
        return name == Settings.variable("port") ? "use \(listen)=HOST:PORT" : "libraryd serve --help"
    }
}
