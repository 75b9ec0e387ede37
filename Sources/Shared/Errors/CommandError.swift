/// Why a command failed: the reason and a hint, each one line for people, and the exit status of the program.
public struct CommandError: Error, Sendable, Equatable {
    /// The exit status of the program.
    public let exit: ExitStatus
    /// The fault, with the file, option or item that has it; lower case, without a full stop.
    public let reason: String
    /// A command that the user can run next, or another way out.
    public let hint: String?
    /// The daemon's reply, if the daemon refused the request.
    public let problem: Problem?

    public init(_ exit: ExitStatus, _ reason: String, hint: String? = nil, problem: Problem? = nil) {
        self.exit = exit
        self.reason = reason
        self.hint = hint
        self.problem = problem
    }
}

/// The form in which an error is sent over `operator.sock`, which leaves ``problem`` out.
extension CommandError: JSONReadable, JSONWritable {
    public init(from object: inout ObjectReader) {
        exit = ExitStatus(rawValue: Int32(clamping: object.integer("exit"))) ?? .failure
        reason = object.string("reason")
        hint = object.optionalString("hint")
        problem = nil
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("exit", Int64(exit.rawValue))
            $0.member("reason", reason)
            if let hint { $0.member("hint", hint) }
        }
    }
}
