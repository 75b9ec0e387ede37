import Shared

/// What an operator asks of the library: with the daemon up over `operator.sock`, with it down on the folder itself.
struct OperatorRequest: JSONReadable, JSONWritable, Equatable {
    enum Command: String, Sendable {
        case list, promote, demote
    }

    let command: String
    let name: String?

    init(_ command: Command, name: String? = nil) {
        self.command = command.rawValue
        self.name = name
    }

    init(from object: inout ObjectReader) {
        command = object.string("command")
        name = object.optionalString("name")
    }

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("command", command)
            if let name { $0.member("name", name) }
        }
    }
}

extension App {
    /// Does what the operator asks and answers with the users as they are now.
    func perform(_ request: OperatorRequest) async throws -> UserList {
        switch (OperatorRequest.Command(rawValue: request.command), request.name) {
        case (.list, nil): break
        case (.promote, let name?): try await setAdmin(true, name)
        case (.demote, let name?): try await setAdmin(false, name)
        default: throw Failure(.badRequest)
        }
        return UserList(try await store.users())
    }

    private func setAdmin(_ admin: Bool, _ name: String) async throws {
        let id = try await store.setAdmin(admin, userNamed: name, at: clock.now())
        sessions.setAdmin(admin, user: id)
    }
}
