import Shared

/// What an operator asks of the library: with the daemon up over `operator.sock`, with it down on the folder itself.
struct OperatorRequest: JSONReadable, JSONWritable, Equatable {
    enum Command: String, Sendable {
        case list, promote, demote, backup
    }

    let command: String
    /// Of a user.
    var name: String?
    /// Of a backup.
    var path: String?
    var keep: Int64?

    init(_ command: Command, name: String? = nil, path: String? = nil, keep: Int? = nil) {
        self.command = command.rawValue
        self.name = name
        self.path = path
        self.keep = keep.map(Int64.init)
    }

    init(from object: inout ObjectReader) {
        command = object.string("command")
        name = object.optionalString("name")
        path = object.optionalString("path")
        keep = object.optionalInteger("keep")
    }

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("command", command)
            if let name { $0.member("name", name) }
            if let path { $0.member("path", path) }
            if let keep { $0.member("keep", keep) }
        }
    }
}

extension App {
    /// Does what the operator asks. Answers with the users as they are now, or with the manifest of the backup.
    func perform(_ request: OperatorRequest) async throws -> any JSONWritable {
        switch (OperatorRequest.Command(rawValue: request.command), request.name, request.path) {
        case (.list, nil, nil): break
        case (.promote, let name?, nil): try await setAdmin(true, name)
        case (.demote, let name?, nil): try await setAdmin(false, name)
        case (.backup, nil, let path?) where path.hasPrefix("/"):
            return try await store.backUp(to: path, keep: Int(clamping: request.keep ?? 1), at: clock.now())
        default: throw Failure(.badRequest)
        }
        return UserList(try await store.users())
    }

    private func setAdmin(_ admin: Bool, _ name: String) async throws {
        let id = try await store.setAdmin(admin, userNamed: name, at: clock.now())
        sessions.setAdmin(admin, user: id)
    }
}
