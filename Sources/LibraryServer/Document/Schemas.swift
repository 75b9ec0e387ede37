import Shared

/// The schemas of `/openapi.json` (JSON Schema 2020-12), each object once under its name.
struct Schemas {
    private(set) var named: [(String, JSONValue)] = []

    /// A reference to the schema of an object.
    /// - Parameter isClosed: whether the object has no other members. Those of requests have none; replies can get
    ///   more.
    mutating func reference(_ object: ObjectShape, isClosed: Bool = false) -> JSONValue {
        if !named.contains(where: { $0.0 == object.name }) {
            // The place in the list comes first: objects stand before those that they have.
            let place = named.count
            named.append((object.name, .null))
            named[place].1 = schema(object, isClosed: isClosed)
        }
        return ["$ref": .string("#/components/schemas/\(object.name)")]
    }

    private mutating func schema(_ object: ObjectShape, isClosed: Bool) -> JSONValue {
        let members = object.members.map { ($0.name, schema($0.shape)) }
        var open: JSONValue = [
            "type": "object", "properties": .members(members),
            "required": .strings(object.members.filter(\.isRequired).map(\.name)),
        ]
        if !object.alternatives.isEmpty {
            open = open.adding(["oneOf": .array(object.alternatives.map { ["required": .strings([$0])] })])
        }
        guard isClosed else { return open }
        // A change of nothing is refused.
        let least: Int64 = object.members.contains(where: \.isRequired) ? 0 : 1
        return open.adding(["additionalProperties": false, "minProperties": .integer(least)])
    }

    mutating func schema(_ shape: Shape) -> JSONValue {
        switch shape {
        case .text(let text): Self.schema(text)
        case .integer(let minimum, let maximum):
            .members(
                [("type", "integer"), ("format", "int64")] + (minimum.map { [("minimum", .integer($0))] } ?? [])
                    + (maximum.map { [("maximum", .integer($0))] } ?? []))
        case .bool: ["type": "boolean"]
        case .time: ["type": "string", "format": "date-time"]
        case .object(let object): reference(object)
        case .array(let object): ["type": "array", "items": reference(object)]
        case .nullable(let shape): ["anyOf": [schema(shape), ["type": "null"]]]
        }
    }

    private static func schema(_ text: TextShape) -> JSONValue {
        var members: [(String, JSONValue)] = [("type", "string")]
        if case .oneOf(let values) = text { members.append(("enum", .strings(values))) }
        if case .uuid = text { members.append(("format", "uuid")) }
        if let minimum = text.lengths.minimum { members.append(("minLength", .integer(Int64(minimum)))) }
        if let maximum = text.lengths.maximum { members.append(("maxLength", .integer(Int64(maximum)))) }
        if let pattern = text.pattern { members.append(("pattern", .string(pattern))) }
        return .members(members)
    }
}
