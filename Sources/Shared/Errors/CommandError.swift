/// Why a command failed: one line for people, a hint that can be run, and how the program ends.
public struct CommandError: Error, Sendable, Equatable {
    public let exit: ExitStatus
    /// What is wrong with the thing that the user named: lower case, no full stop.
    public let reason: String
    /// The command to run next, or what else to do.
    public let hint: String?
    /// What the daemon said, if it was the daemon that refused.
    public let problem: Problem?

    public init(_ exit: ExitStatus, _ reason: String, hint: String? = nil, problem: Problem? = nil) {
        self.exit = exit
        self.reason = reason
        self.hint = hint
        self.problem = problem
    }
}

/// As it crosses `operator.sock`.
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
