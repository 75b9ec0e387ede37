/// The fields that the columns or members of a file stand for.
package struct ColumnNames: Sendable {
    /// The names of fields by the folded names that the file has for them.
    private let fields: [String: String]
    private let mapped: Set<String>

    /// - Parameter names: the file's own names, by the name of the field: `["name": "Author"]`.
    package init(_ names: [String: String]) {
        fields = Dictionary(names.map { (Self.folded($1), $0) }) { first, _ in first }
        mapped = Set(names.keys)
    }

    /// The name of the field that a column stands for; `nil` if it stands for none.
    package func field(_ column: String) -> String? {
        let folded = Self.folded(column)
        if let field = fields[folded] { return field }
        return Author.fieldNames.contains(folded) && !mapped.contains(folded) ? folded : nil
    }

    /// A JSON object with the names of fields for those of the file, and with defaults for what it lacks.
    func renamed(_ value: JSONValue, defaults: [String: String]) -> JSONValue {
        guard case .object(var members) = value else { return value }
        if !mapped.isEmpty || members.contains(where: { !Author.fieldNames.contains($0.name) }) {
            let exact = Author.fieldNames.filter { name in members.contains { $0.name == name } }
            members = members.map { member in
                let field = field(member.name)
                // Of two names of one field, the exact one counts.
                let isTaken = mapped.isEmpty && field != member.name && field.map(exact.contains) ?? false
                let own = mapped.contains(member.name) ? "" : member.name
                return JSONValue.Member(name: isTaken ? own : field ?? own, value: member.value)
            }
        }
        if !defaults.isEmpty {
            members.removeAll { $0.value == .null && defaults[$0.name] != nil }
            for (name, text) in defaults where !members.contains(where: { $0.name == name }) {
                members.append(JSONValue.Member(name: name, value: .string(text)))
            }
        }
        return .object(members)
    }

    /// A name in the form in which names are compared: trimmed, in lower case, with `_` for space and `-`.
    package static func folded(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                StoredText.normalized(name).lowercased().unicodeScalars.map {
                    $0 == " " || $0 == "-" ? "_" : $0
                }))
    }
}
