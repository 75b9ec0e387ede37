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

extension CommandError {
    /// The failure as one line of JSON, for programs. It can be shown on a terminal.
    /// - Parameters:
    ///   - command: the words of the command.
    ///   - harmless: changes each text that may have something of the user's.
    public func report(of command: String, _ harmless: (String) -> String = { $0 }) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("error") {
                $0.object {
                    $0.member("command", command)
                    $0.member("exit_code", Int64(exit.rawValue))
                    $0.member("message", harmless(reason))
                    if let hint { $0.member("hint", harmless(hint)) }
                    if let problem { Self.write(problem, to: &$0, harmless) }
                }
            }
        }
        return Escaping.json(json.bytes) + [.newline]
    }

    private static func write(_ problem: Problem, to json: inout JSONWriter, _ harmless: (String) -> String) {
        json.member("code", problem.code)
        json.member("status", Int64(problem.status))
        json.member("request_id", problem.requestID)
        json.member("errors") {
            $0.array {
                for error in problem.errors {
                    FieldError(harmless(error.field), error.code, harmless(error.message), line: error.line)
                        .write(to: &$0)
                }
            }
        }
    }
}
