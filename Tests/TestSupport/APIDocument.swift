import Foundation
import LibraryServer
import Shared

/// `/openapi.json`, to which every reply of the tests is held.
public struct APIDocument: Sendable {
    public static let served = APIDocument(OpenAPI.json)

    private let root: JSONValue

    init(_ json: [UInt8]) {
        root = (try? JSONValue(parsing: json)) ?? .null
    }

    /// A reply that the document does not have.
    struct Undocumented: Error, CustomStringConvertible {
        let description: String
    }

    /// Every method, path and status, with the codes of problems.
    public var replies: [(method: String, path: String, status: Int, codes: [String])] {
        root["paths"].members.flatMap { path in
            path.value.members.filter { $0.name != "parameters" }.flatMap { operation in
                operation.value["responses"].members.map { response in
                    (
                        operation.name.uppercased(), path.name, Int(response.name) ?? 0,
                        codes(resolved(response.value))
                    )
                }
            }
        }
    }

    /// Passes if the document has the reply.
    /// - Throws: ``Undocumented``.
    func check(_ method: String, _ target: String, _ reply: TestReply) throws {
        func fail(_ what: String, _ hint: String) -> Undocumented {
            Undocumented(description: "\(method) \(target) → \(reply.status): /openapi.json has no \(what); \(hint)")
        }
        let declare = "declare it at the endpoint in Sources/Shared/Endpoints.swift"
        let item = pathItem(target)
        guard let operation = item?[optional: method == "HEAD" ? "get" : method.lowercased()] else {
            guard Self.elsewhere.contains(reply.status) || method == "OPTIONS" && reply.status == 204 else {
                throw fail(item == nil ? "such path" : "such method", declare)
            }
            return
        }
        guard let found = operation["responses"][optional: "\(reply.status)"] else {
            throw fail("status \(reply.status)", "\(declare), among its failures: \(reply.text.prefix(200))")
        }
        let response = resolved(found)
        if let fault = fault(inHeadersOf: reply, by: response["headers"]) {
            throw fail(fault, "\(declare), among what it gives, or in HeaderField.ofFailures")
        }
        guard method != "HEAD" else { return }
        let type = (reply.header("content-type") ?? "").split(separator: ";").first.map(String.init) ?? ""
        if reply.body.isEmpty {
            // A stream has not begun yet, and a file may have no lines.
            let mayBeEmpty = ["text/event-stream", AuthorLines.Format.ndjson.mediaType].contains(type)
            guard mayBeEmpty || response["content"].members.isEmpty else { throw fail("reply without a body", declare) }
            return
        }
        guard let media = response["content"][optional: type] else { throw fail("media type '\(type)'", declare) }
        let faults = try faults(inBody: reply.body, type, by: media["schema"])
        guard faults.isEmpty else { throw fail("such body", "\(faults): \(reply.text.prefix(200))") }
    }

    private func fault(inHeadersOf reply: TestReply, by headers: JSONValue) -> String? {
        for header in headers.members {
            let documented = resolved(header.value)
            guard let text = reply.header(header.name) else {
                if documented["required"] == true { return "reply without \(header.name)" }
                continue
            }
            let number = documented["schema"]["type"] == "integer" ? Int64(decimal: text) : nil
            let value = number.map { JSONValue.integer($0) } ?? .string(text)
            let faults = faults(of: value, by: documented["schema"], at: header.name)
            if !faults.isEmpty { return "such value: \(faults)" }
        }
        let names = Self.framing + headers.members.map { $0.name.lowercased() }
        return reply.headers.first { !names.contains($0.name) }.map { "header \($0.name)" }
    }

    /// The faults of JSON, and of each line of a file of JSON.
    private func faults(inBody body: [UInt8], _ type: String, by schema: JSONValue) throws -> [String] {
        guard type.hasSuffix("json") else { return [] }
        guard type == AuthorLines.Format.ndjson.mediaType else {
            return faults(of: try JSONValue(parsing: body), by: schema, at: "body")
        }
        let lines = try body.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
        return faults(of: .array(lines), by: schema["contentSchema"], at: "lines")
    }

    /// The statuses of what is no operation: the description of the document has them.
    private static let elsewhere = Set(
        (ErrorCode.ofEveryRequest + [.notFound, .methodNotAllowed, .notImplemented, .versionNotSupported])
            .map(\.status))

    /// Fields that no response of OpenAPI names.
    private static let framing = ["content-type", "content-length", "transfer-encoding", "connection", "date", "allow"]

    /// The path item of a target. A literal segment goes before a parameter.
    private func pathItem(_ target: String) -> JSONValue? {
        let path = target.split(separator: "?", omittingEmptySubsequences: false)[0]
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).map {
            PercentEncoding.decode(String($0)) ?? String($0)
        }
        let matching = root["paths"].members.filter { item in
            let template = item.name.split(separator: "/", omittingEmptySubsequences: false)
            return template.count == segments.count
                && zip(template, segments).allSatisfy { String($0) == $1 || $0.first == "{" && !$1.isEmpty }
        }
        return (matching.first { $0.name == path } ?? matching.first)?.value
    }

    private func codes(_ response: JSONValue) -> [String] {
        response["content"][Problem.mediaType]["examples"].members.map(\.name)
    }

    private func resolved(_ value: JSONValue) -> JSONValue {
        guard case .string(let reference)? = value[optional: "$ref"] else { return value }
        return reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] }
    }

    /// The faults of a value by the keywords that the document uses.
    func faults(of value: JSONValue, by schema: JSONValue, at place: String) -> [String] {
        let schema = resolved(schema)
        var faults = schema["allOf"].elements.flatMap { self.faults(of: value, by: $0, at: place) }
        let choices = schema["anyOf"].elements.map { self.faults(of: value, by: $0, at: place) }
        if !choices.isEmpty, !choices.contains([]) { faults += choices.flatMap { $0 } }
        if case .string(let type)? = schema[optional: "type"], type != value.type {
            return faults + ["\(place) is no \(type)"]
        }
        if !Self.isWithin(value, schema) { faults.append("\(place) is not as \(schema) says") }
        let allowed = schema["enum"].elements
        if !allowed.isEmpty, !allowed.contains(value) { faults.append("\(place) is none of \(allowed)") }
        for (index, element) in value.elements.enumerated() where schema[optional: "items"] != nil {
            faults += self.faults(of: element, by: schema["items"], at: "\(place)[\(index)]")
        }
        for name in schema["required"].elements.compactMap(\.text) where value[optional: name] == nil {
            faults.append("\(place).\(name) is missing")
        }
        guard let properties = schema[optional: "properties"] else { return faults }
        for member in value.members {
            if let property = properties[optional: member.name] {
                faults += self.faults(of: member.value, by: property, at: "\(place).\(member.name)")
            } else if schema[optional: "type"] != nil {
                faults.append("\(place).\(member.name) is not in the document")
            }
        }
        return faults
    }
}

extension APIDocument {
    /// Whether a value is as the keywords for texts and numbers say.
    private static func isWithin(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        switch value {
        case .integer(let number):
            return (schema["minimum"].number ?? .min)...(schema["maximum"].number ?? .max) ~= number
        case .string(let text):
            let lengths = (schema["minLength"].number ?? 0)...(schema["maxLength"].number ?? .max)
            guard lengths ~= Int64(text.unicodeScalars.count) else { return false }
            switch schema["format"].text {
            case "uuid": return UUID(uuidString: text) != nil
            case "date-time": return Timestamp(text) != nil
            default: return true
            }
        default: return true
        }
    }
}

extension JSONValue {
    subscript(optional name: String) -> JSONValue? { members.first { $0.name == name }?.value }
    subscript(name: String) -> JSONValue { self[optional: name] ?? .null }
    var members: [Member] { if case .object(let members) = self { members } else { [] } }
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Int64? { if case .integer(let number) = self { number } else { nil } }

    /// As JSON Schema names it.
    fileprivate var type: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
