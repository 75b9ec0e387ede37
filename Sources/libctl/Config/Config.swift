import Shared

/// `config.json`: settings for all commands. Keys that this version does not know are preserved.
struct Config {
    enum Key: String, CaseIterable {
        case server, cacert, user, color, pager

        var meaning: String {
            switch self {
            case .server: "http://HOST:PORT, https://HOST or unix:/PATH"
            case .cacert: "the file of --cacert, from / on"
            case .user: "which of several logins to use"
            case .color: "auto, always or never"
            case .pager: "the command of --pager"
            }
        }

        /// - Throws: ``CommandError``, ``InvalidFields``.
        func validate(_ value: String) throws {
            switch self {
            case .server: _ = try Server(value)
            case .cacert:
                guard value.hasPrefix("/") else {
                    throw CommandError(
                        .invalid, "the path \(SystemText.shown(value)) does not begin with /",
                        hint: "libctl config set cacert \"$PWD/FILE\"")
                }
            case .user: if let fault = Registration.fault(inName: value) { throw InvalidFields([fault]) }
            case .color:
                guard ColorChoice(rawValue: value) != nil else {
                    throw CommandError(
                        .invalid, "color is auto, always or never, not \(Secrets.quoted(value))",
                        hint: "libctl config set color auto")
                }
            case .pager:
                guard !value.isEmpty else {
                    throw CommandError(
                        .invalid, "the pager is the name of a program, not an empty text",
                        hint: "libctl config unset pager")
                }
            }
        }
    }

    let path: String
    private let members: [JSONValue.Member]

    /// - Throws: ``CommandError`` `configuration` if the file is no JSON object, or the value of a known key is
    ///   invalid.
    init(folder: String) throws {
        path = folder + "/config.json"
        members = try Self.members(path)
        for key in Key.allCases {
            guard let value = self[member: key] else { continue }
            guard case .string(let text) = value else {
                throw CommandError(
                    .configuration, "\(path): \(key.rawValue) must be a string",
                    hint: "libctl config unset \(key.rawValue)")
            }
            do {
                try key.validate(text)
            } catch {
                let failure = CommandError(error)
                throw CommandError(
                    .configuration, "\(path): \(failure.reason)", hint: "libctl config unset \(key.rawValue)")
            }
        }
    }

    private static func members(_ path: String) throws -> [JSONValue.Member] {
        guard let bytes = try PrivateFile.contents(ifAny: path) else { return [] }
        do {
            guard case .object(let members) = try JSONValue(parsing: bytes) else {
                throw CommandError(.configuration, "\(path) is not a JSON object", hint: "rm \(path)")
            }
            return members
        } catch let error as JSONSyntaxError {
            throw CommandError(.configuration, "\(path): \(error)", hint: "rm \(path)")
        }
    }

    subscript(key: Key) -> String? {
        if case .string(let text) = self[member: key] { text } else { nil }
    }

    private subscript(member key: Key) -> JSONValue? {
        members.first { $0.name == key.rawValue }?.value
    }
}

extension Config {
    /// Sets a key, or removes it with `nil`, under a lock.
    static func set(_ key: Key, _ value: String?, folder: String, patience: Duration) throws {
        if let value { try key.validate(value) }
        try PrivateFile.makeFolder(folder)
        try PrivateFile.locked(folder + "/config.lock", patience: patience) {
            let path = folder + "/config.json"
            // Not read with `init`, which throws for an invalid value: this is how the user corrects it.
            var members = try members(path).filter { $0.name != key.rawValue }
            if let value { members.append(.init(name: key.rawValue, value: .string(value))) }
            var json = JSONWriter()
            json.value(.object(members))
            try PrivateFile.replace(path, with: json.bytes + [UInt8(ascii: "\n")])
        }
    }
}
