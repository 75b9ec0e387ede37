package import ArgumentParser
package import Shared

/// An argument, an option or a flag of a command, as the argument parser describes it.
package struct CommandArgument: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case positional, option, flag
    }

    /// The values that a shell can complete.
    package enum Completion: Sendable, Equatable {
        case none, file, custom
        case list([String])
    }

    package let kind: Kind
    package let isOptional: Bool
    package let isRepeating: Bool
    /// Whether the help page of the command shows it.
    package let isShown: Bool
    /// With their dashes; empty for a positional argument.
    package let names: [String]
    /// The name of the value, in lower case.
    package let value: String
    package let completion: Completion
    package let abstract: String

    /// The values that are accepted, if the argument accepts a fixed set.
    package var values: [String] {
        if case .list(let values) = completion { values } else { [] }
    }

    /// The arguments of a command without subcommands, in the order of their declaration.
    package static func all(of command: any ParsableCommand.Type) -> [CommandArgument] {
        let dump = try? JSONValue(parsing: Array(command._dumpHelp().utf8))
        return (dump?["command"]?["arguments"]?.elements ?? []).map(CommandArgument.init)
    }

    package init(_ json: JSONValue) {
        kind = json["kind"]?.text.flatMap(Kind.init(rawValue:)) ?? .positional
        isOptional = json["isOptional"] == .bool(true)
        isRepeating = json["isRepeating"] == .bool(true)
        isShown = json["shouldDisplay"] != .bool(false)
        names = (json["names"]?.elements ?? []).map { name in
            (name["kind"]?.text == "long" ? "--" : "-") + (name["name"]?.text ?? "")
        }
        value = json["valueName"]?.text ?? ""
        abstract = json["abstract"]?.text ?? ""
        let completions = json["completionKind"]
        completion =
            if let list = completions?["list"] {
                .list((list["values"]?.elements ?? []).compactMap(\.text))
            } else if completions?["file"] != nil || completions?["directory"] != nil {
                .file
            } else {
                completions?["custom"] == nil ? .none : .custom
            }
    }
}

extension JSONValue {
    /// The member of that name; `nil` if there is none, or the value is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }
}
