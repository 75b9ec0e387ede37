import Shared

/// Bodies, and replies with their statuses.
extension OpenAPI {
    mutating func responses(_ replies: [Operation.Reply]) -> JSONValue {
        .members(
            Set(replies.map(\.status)).sorted().map { status in
                let replies = replies.filter { $0.status == status }
                let codes = ErrorCode.allCases.filter { code in replies.contains { $0.codes.contains(code) } }
                guard !codes.isEmpty else { return ("\(status)", response(replies, [])) }
                let name = codes.map(\.rawValue).joined(separator: ".")
                if !problems.contains(where: { $0.0 == name }) { problems.append((name, response(replies, codes))) }
                return ("\(status)", ["$ref": .string("#/components/responses/\(name)")])
            })
    }

    /// - Parameter replies: with one status.
    private mutating func response(_ replies: [Operation.Reply], _ codes: [ErrorCode]) -> JSONValue {
        let fields = HeaderField.allCases.filter { field in replies.contains { $0.headers.contains(field) } }
        var members: [(String, JSONValue)] = [
            ("description", .string(Self.description(replies[0].status, codes))),
            (
                "headers",
                .members(fields.map { ($0.rawValue, ["$ref": .string("#/components/headers/\($0.rawValue)")]) })
            ),
        ]
        let contents = replies.compactMap(\.content)
        if !codes.isEmpty {
            members.append(("content", .members([(Problem.mediaType, problem(codes))])))
        } else if !contents.isEmpty {
            members.append(("content", content(contents, isClosed: false)))
        }
        return .members(members)
    }

    private static func description(_ status: Int, _ codes: [ErrorCode]) -> String {
        guard codes.isEmpty else { return codes.map { "`\($0.rawValue)`: \($0.text)" }.joined(separator: "\n\n") }
        return [201: "Created.", 204: "Done.", 304: "The client has this version already."][status] ?? "OK."
    }

    private mutating func problem(_ codes: [ErrorCode]) -> JSONValue {
        let names = codes.map(\.rawValue)
        return [
            "schema": [
                "allOf": [
                    schemas.reference(ObjectShape(of: Problem.self)),
                    ["properties": ["code": ["enum": .strings(names)]]],
                ]
            ],
            "examples": .members(names.map { ($0, ["$ref": .string("#/components/examples/\($0)")]) }),
        ]
    }

    mutating func content(_ contents: [Operation.Content], isClosed: Bool) -> JSONValue {
        .members(
            contents.flatMap { content in
                content.mediaTypes.map { ($0, media($0, content, isClosed: isClosed)) }
            })
    }

    /// JSON has the schema of its object. A text of another form has the schema of its lines, as far as they are
    /// objects, and an example.
    private mutating func media(_ type: String, _ content: Operation.Content, isClosed: Bool) -> JSONValue {
        guard let shape = content.shape, let example = content.example else {
            return ["schema": ["type": type == MediaType.json ? "object" : "string"]]
        }
        let schema = schemas.reference(shape, isClosed: isClosed)
        guard type != MediaType.json else { return ["schema": schema, "example": Self.value(example)] }
        let text = JSONValue.string(Self.text(example, as: type))
        // Before OpenAPI 3.2 no rule says to which part of an event stream a schema applies.
        guard type != EventRoutes.mediaType else { return ["example": text] }
        guard type == AuthorLines.Format.ndjson.mediaType else {
            return ["schema": ["type": "string"], "example": text]
        }
        let lines: JSONValue = ["type": "array", "items": schema]
        return [
            "schema": ["type": "string", "contentMediaType": .string(type), "contentSchema": lines], "example": text,
        ]
    }

    private static func text(_ example: [UInt8], as type: String) -> String {
        guard case .object(let members) = value(example) else { return "" }
        let json = String(decoding: example, as: UTF8.self)
        switch type {
        case AuthorLines.Format.csv.mediaType:
            let cells = members.map { member in
                switch member.value {
                case .string(let text): Escaping.csv(text)
                case .integer(let number): "\(number)"
                case .bool(let flag): "\(flag)"
                default: ""
                }
            }
            return members.map(\.name).joined(separator: ",") + "\r\n" + cells.joined(separator: ",") + "\r\n"
        case EventRoutes.mediaType:
            let event = AuthorEvent.example
            return String(
                decoding: AuthorEvent.serverSent(id: event.id, event.event, data: example), as: UTF8.self)
        case WelcomePage.mediaType: return "<!doctype html>"
        default: return json + "\n"
        }
    }
}
