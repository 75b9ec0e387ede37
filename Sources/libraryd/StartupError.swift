import GRDB
import Shared

/// Why the daemon, or one of its commands, ends: one line for people, a hint, and an exit code.
struct StartupError: Error, Equatable {
    /// The numbers of sysexits.h, and those that libctl shares.
    enum Exit: Int32 {
        case failure = 1
        case declined = 2
        case notFound = 3
        case conflict = 6
        case partial = 8
        case usage = 64
        case data = 65
        case noInput = 66
        case unavailable = 69
        case inputOutput = 74
        case locked = 75
        case permission = 77
        case configuration = 78
    }

    let exit: Exit
    let reason: String
    let hint: String?

    init(_ exit: Exit, _ reason: String, hint: String? = nil) {
        self.exit = exit
        self.reason = reason
        self.hint = hint
    }
}

extension StartupError {
    /// - Parameter library: where the database is that an error of SQLite's is about.
    init(_ error: any Error, library: String = "the library") {
        switch error {
        case let error as StartupError: self = error
        case let failure as Failure: self.init(failure.problem(requestID: ""))
        case let invalid as InvalidFields: self.init(.usage, "\(invalid)")
        case let error as DatabaseError: self.init(database: error, path: library)
        default: self.init(.failure, "\(error)")
        }
    }

    private init(_ problem: Problem) {
        switch problem.code {
        case .userNotFound: self.init(.notFound, problem.detail, hint: "libraryd user list")
        case .lastAdmin: self.init(.conflict, problem.detail, hint: "promote somebody else first")
        default: self.init(.failure, problem.detail)
        }
    }
}

/// As it crosses `operator.sock`.
extension StartupError: JSONReadable, JSONWritable {
    init(from object: inout ObjectReader) {
        exit = Exit(rawValue: Int32(clamping: object.integer("exit"))) ?? .failure
        reason = object.string("reason")
        hint = object.optionalString("hint")
    }

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("exit", Int64(exit.rawValue))
            $0.member("reason", reason)
            if let hint { $0.member("hint", hint) }
        }
    }
}
