import Foundation
import Shared
import TestSupport

/// The tables of routes and of parameters in `docs/api.md`, made from the endpoints.
enum RouteListing {
    private static let file = Program.repository + "/docs/api.md"
    private static let end = "<!-- end -->"

    static var page: String {
        get throws { try String(contentsOfFile: file, encoding: .utf8) }
    }

    static func write(_ page: String) throws {
        try Data(page.utf8).write(to: URL(fileURLWithPath: file))
    }

    /// The page with the tables as they must be. Each stands between a line that names its part, as in
    /// `<!-- routes: users -->`, or its endpoint, as in `<!-- parameters: GET /authors -->`, and ``end``.
    static func updated(_ page: String) -> String {
        updated(updated(page, "<!-- routes: ", with: table), "<!-- parameters: ", with: parameters)
    }

    private static func updated(_ page: String, _ start: String, with table: (String) -> String) -> String {
        var parts = page.components(separatedBy: start)
        for index in parts.indices.dropFirst() {
            guard let name = parts[index].firstRange(of: " -->"), let last = parts[index].firstRange(of: end) else {
                continue
            }
            let part = String(parts[index][..<name.lowerBound])
            parts[index] = part + " -->\n" + table(part) + parts[index][last.lowerBound...]
        }
        return parts.joined(separator: start)
    }

    private static func parameters(of route: String) -> String {
        let operation = Endpoints.all.first { "\($0.method.rawValue) \($0.path)" == route }
        let rows = (operation?.parameters ?? []).map { parameter in
            let value = parameter.defaultValue.map { ", default `\(text($0))`" } ?? ""
            return "| `\(parameter.name)` | \(values(parameter.shape))\(value) | \(parameter.summary) |\n"
        }
        return "| parameter | value | meaning |\n|---|---|---|\n" + rows.joined()
    }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        var json = JSONWriter()
        json.value(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func values(_ shape: Shape) -> String {
        switch shape {
        case .integer(let minimum?, let maximum?): "\(minimum)–\(maximum)"
        case .bool: "`true`, `false`"
        case .text(.order): values(.text(.oneOf(AuthorField.sortable.map(\.name))))
        case .text(.oneOf(let texts)): texts.map { "`\($0)`" }.joined(separator: ", ")
        default: "text"
        }
    }

    private static func table(of part: String) -> String {
        var rows = ""
        for operation in Endpoints.all where operation.part == part {
            let cells = [route(operation), who(operation.access), operation.summary, statuses(operation)]
            rows += "| " + cells.joined(separator: " | ") + " |\n"
        }
        return "| route | who | what | status |\n|---|---|---|---|\n" + rows
    }

    private static func route(_ operation: Shared.Operation) -> String {
        let route = "`\(operation.method.rawValue) \(operation.path)`"
        if let body = operation.body {
            if body.mediaTypes == ["application/json"], let shape = body.shape {
                let members = shape.members.map { $0.isRequired ? $0.name : $0.name + "?" }
                return route + " `{" + members.joined(separator: ", ") + "}`"
            }
            return route + " with " + names(body.mediaTypes)
        }
        let types = operation.replies.first?.content?.mediaTypes ?? []
        if types.contains(AuthorLines.Format.csv.mediaType) { return route + " with `Accept`: " + names(types) }
        let required = operation.parameters.filter(\.isRequired).map { " with `\($0.name)=`" }
        return route + required.joined()
    }

    private static func names(_ types: [String]) -> String { types.map { "`\($0)`" }.joined(separator: " or ") }

    private static func who(_ access: Access) -> String {
        switch access {
        case .anyone: "anyone"
        case .password: "HTTP Basic"
        case .token: "token or API key"
        case .login: "token"
        case .admin: "admin"
        case .local: "the daemon's machine; admin"
        }
    }

    /// Success first, then the failures that not every request can have.
    private static func statuses(_ operation: Shared.Operation) -> String {
        let everywhere = Set(ErrorCode.ofEveryRequest + [.storageUnavailable])
        let telling = operation.replies.filter { $0.codes.isEmpty || !Set($0.codes).isSubset(of: everywhere) }
        return telling.map { String($0.status) }.joined(separator: ", ")
    }

    /// The failures that every request can have, as the page lists them.
    static var ofEveryRequest: String {
        Set(ErrorCode.ofEveryRequest.map(\.status)).sorted().map(String.init).joined(separator: ", ")
    }
}
