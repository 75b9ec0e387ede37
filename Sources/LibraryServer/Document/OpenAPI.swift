import Shared

/// The document of the API (OpenAPI 3.1.1), made from the endpoints that route the requests.
package struct OpenAPI {
    /// The document as JSON in UTF-8, made once.
    package static let json: [UInt8] = {
        var document = OpenAPI()
        var writer = JSONWriter(reservingCapacity: 1 << 17)
        writer.value(document.value(of: Endpoints.all))
        return writer.bytes
    }()

    var schemas = Schemas()
    /// The failures of all operations, each list of codes once.
    var problems: [(String, JSONValue)] = []

    private mutating func value(of operations: [Operation]) -> JSONValue {
        let paths = Self.grouped(operations, by: \.path).map { path, operations in
            (path, pathItem(operations))
        }
        let given = Set(operations.flatMap(\.replies).flatMap(\.headers))
        return [
            "openapi": "3.1.1",
            "info": [
                "title": "libraryd", "version": "1", "summary": "A library of authors",
                "description": .string(Self.description),
                "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/"]],
            "paths": .members(paths),
            "components": [
                "schemas": .members(schemas.named), "responses": .members(problems),
                "headers": .members(HeaderField.allCases.filter(given.contains).map { ($0.rawValue, header($0)) }),
                "examples": .members(ErrorCode.allCases.map { ($0.rawValue, Self.example($0)) }),
                "securitySchemes": Self.securitySchemes,
            ],
        ]
    }

    private static let description = """
        Each user has a library of authors with their books. An error is a problem document (RFC 9457); its `code` is \
        one of those that the status lists. Members and codes are added, never changed: ignore members that you do not \
        know. Each path that has GET also has HEAD, and each path answers OPTIONS; a method that a path does not have \
        is 405 `method_not_allowed` with `Allow`, an unknown path is 404 `not_found`, an unknown method 501 \
        `not_implemented`, and a version of HTTP other than 1.0 and 1.1 is 505 `version_not_supported`.
        """

    private static let securitySchemes: JSONValue = [
        "token": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The `token` of a login (RFC 6750).",
        ],
        "tutorialToken": [
            "type": "apiKey", "in": "header", "name": "x-access-tokens",
            "description": "The same token, in the header of the origin tutorial.",
        ],
        "key": [
            "type": "http", "scheme": "bearer",
            "description": "The `key` of `POST /keys`; one with the scope `read` is enough for GET.",
        ],
        "password": ["type": "http", "scheme": "basic", "description": "Name and password (RFC 7617)."],
    ]

    private static func grouped<Key: Equatable>(
        _ operations: [Operation], by key: (Operation) -> Key
    ) -> [(Key, [Operation])] {
        operations.reduce(into: []) { groups, operation in
            if let index = groups.firstIndex(where: { $0.0 == key(operation) }) {
                groups[index].1.append(operation)
            } else {
                groups.append((key(operation), [operation]))
            }
        }
    }

    private mutating func pathItem(_ operations: [Operation]) -> JSONValue {
        var members: [(String, JSONValue)] = []
        if let (name, shape, example) = operations.first?.pathParameter {
            let parameter: JSONValue = [
                "name": .string(name), "in": "path", "required": true, "schema": schemas.schema(shape),
                "example": example,
            ]
            members.append(("parameters", [parameter]))
        }
        for (method, operations) in Self.grouped(operations, by: \.method) {
            members.append((method.rawValue.lowercased(), value(operations)))
        }
        return .members(members)
    }

    /// - Parameter operations: that share method and path; the first gives the name.
    private mutating func value(_ operations: [Operation]) -> JSONValue {
        guard let first = operations.first else { return .null }
        let summaries = operations.map(\.summary)
        var members: [(String, JSONValue)] = [
            ("operationId", .string(first.id)), ("summary", .string(summaries[0])),
            ("tags", [.string(first.part)]),
        ]
        let details = (summaries.dropFirst().map { $0 + "." } + operations.map(\.details)).filter { !$0.isEmpty }
        if !details.isEmpty { members.append(("description", .string(details.joined(separator: " ")))) }
        members.append(("security", Self.security(first.access)))
        let parameters = query(first.parameters) + first.takes.map { parameter($0) }
        if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
        let bodies = operations.compactMap(\.body)
        if !bodies.isEmpty {
            members.append(
                (
                    "requestBody",
                    ["required": .bool(bodies.count == operations.count), "content": content(bodies, isClosed: true)]
                )
            )
        }
        members.append(("responses", responses(operations.flatMap(\.replies))))
        return .members(members)
    }

    private mutating func query(_ parameters: [ParameterShape]) -> [JSONValue] {
        parameters.map { parameter in
            var schema = schemas.schema(parameter.shape)
            if let value = parameter.defaultValue { schema = schema.adding(["default": value]) }
            return [
                "name": .string(parameter.name), "in": "query", "required": .bool(parameter.isRequired),
                "description": .string(parameter.summary), "schema": schema, "example": parameter.example,
            ]
        }
    }

    private static func security(_ access: Access) -> JSONValue {
        switch access {
        case .anyone: []
        case .password: [["password": []]]
        case .token: [["token": []], ["tutorialToken": []], ["key": []]]
        case .login, .admin: [["token": []], ["tutorialToken": []]]
        case .local: [[:], ["token": []], ["tutorialToken": []], ["key": []]]
        }
    }

    private mutating func parameter(_ field: HeaderField) -> JSONValue {
        [
            "name": .string(field.rawValue), "in": "header", "description": .string(field.documentation.summary),
            "schema": schemas.schema(field.shape), "example": .string(field.documentation.example),
        ]
    }

    private mutating func header(_ field: HeaderField) -> JSONValue {
        [
            "description": .string(field.documentation.summary), "required": .bool(field.isAlwaysGiven),
            "schema": schemas.schema(field.shape), "example": Self.example(of: field),
        ]
    }

    private static func example(of field: HeaderField) -> JSONValue {
        let text = field.documentation.example
        if case .integer = field.shape, let number = Int64(decimal: text) { return .integer(number) }
        return .string(text)
    }

    private static func example(_ code: ErrorCode) -> JSONValue {
        let failure = Failure(
            code, errors: code == .invalidFields ? [FieldError("name", .empty, "must not be empty")] : [],
            existingID: code == .authorExists ? Author.example.id : nil)
        return [
            "summary": .string(code.text),
            "value": value(failure.problem(requestID: Problem.exampleRequestID).json),
        ]
    }

    /// - Parameter json: which a type of this program has written.
    static func value(_ json: [UInt8]) -> JSONValue { (try? JSONValue(parsing: json)) ?? .null }
}
