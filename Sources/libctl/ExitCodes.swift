import Shared

/// How the program ends. Scripts depend on these numbers: they are added to, never changed.
enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    case failure = 1
    case declined = 2
    case notFound = 3
    case notLoggedIn = 4
    case forbidden = 5
    case conflict = 6
    case invalid = 7
    case partial = 8
    case usage = 64
    case unparseable = 65
    case unreadable = 66
    case unreachable = 69
    case internalError = 70
    case output = 74
    case tryLater = 75
    case foreignReply = 76
    case unsafeFile = 77
    case configuration = 78
    /// As if SIGPIPE had ended it: whoever read the output wants no more. Nobody is told.
    case brokenPipe = 141

    /// The status of a problem: by its code where that says more than the HTTP status, so that unknown codes work too.
    init(_ problem: Problem) {
        switch (problem.code, problem.status) {
        case (.busy, _), (.notReady, _), (.storageUnavailable, _), (.storageFull, _): self = .tryLater
        case (_, 401), (.passwordWrong, _): self = .notLoggedIn
        case (_, 403): self = .forbidden
        case (_, 404): self = .notFound
        case (_, 409), (_, 412): self = .conflict
        case (_, 408), (_, 429), (_, 503), (_, 507): self = .tryLater
        case (_, 400..<500): self = .invalid
        default: self = .internalError
        }
    }
}

extension ExitStatus {
    /// One line for people.
    var meaning: String {
        switch self {
        case .done: "Done; an empty list too."
        case .failure: "Anything that has no code of its own."
        case .declined: "Declined at a prompt."
        case .notFound: "Not found."
        case .notLoggedIn: "Not logged in, expired, or a wrong password."
        case .forbidden: "Forbidden."
        case .conflict: "In conflict with what is there, or changed meanwhile."
        case .invalid: "Rejected as invalid."
        case .partial: "A batch failed in part."
        case .usage: "Wrong usage, or --yes or a prompt would be needed."
        case .unparseable: "The input cannot be parsed."
        case .unreadable: "The input cannot be read."
        case .unreachable: "No daemon answers."
        case .internalError: "The daemon failed."
        case .output: "The output could not be written."
        case .tryLater: "Try again later: a time-out, a limit, or a busy daemon."
        case .foreignReply: "The reply is not libraryd's, or not whole."
        case .unsafeFile: "The credentials file is not private."
        case .configuration: "Bad configuration."
        case .brokenPipe: "Whoever read the output wants no more."
        }
    }

    /// The status of a line of a file, which has a code and no HTTP status.
    init(line code: ErrorCode) {
        switch code {
        case .authorExists: self = .conflict
        case .busy, .storageFull, .storageUnavailable: self = .tryLater
        case .tokenRevoked: self = .notLoggedIn
        default: self = .invalid
        }
    }
}

/// Why a command failed: one line for people, the command to run next, and how the program ends.
struct CommandFailure: Error {
    let status: ExitStatus
    let why: String
    let hint: String?
    /// What the daemon said, if it was the daemon that refused.
    let problem: Problem?

    init(_ status: ExitStatus, _ why: String, hint: String? = nil, problem: Problem? = nil) {
        self.status = status
        self.why = why
        self.hint = hint
        self.problem = problem
    }

    init(_ problem: Problem) {
        self.init(problem, retryAfter: nil)
    }

    /// - Parameter seconds: after which the daemon may do it.
    init(_ problem: Problem, retryAfter seconds: Int64?) {
        var why = problem.detail
        if !problem.errors.isEmpty { why = InvalidFields(problem.errors).description }
        if let id = problem.existingID { why += " It has the id \(id)." }
        let hint: String? =
            switch problem.code {
            case _ where seconds != nil: seconds.map { "try again in \($0) s" }
            case .tokenMissing, .tokenMalformed, .tokenExpired, .tokenRevoked, .refreshTokenInvalid: "libctl login"
            case .authorNotFound: "libctl authors list"
            case .authorExists: problem.existingID.map { "libctl authors show \($0)" }
            case .nameTaken: "libctl login"
            case .sessionNotFound: "libctl sessions list"
            case .userNotFound: "libctl users list"
            case .lastAdmin: "libctl users promote another user first"
            default: nil
            }
        self.init(ExitStatus(problem), why, hint: hint, problem: problem)
    }

    init(_ invalid: InvalidFields) {
        self.init(.invalid, invalid.description)
    }

    /// Of a failure to exchange anything: whether the request may have been received all the same.
    var isLostAnswer: Bool { problem == nil && [.tryLater, .foreignReply].contains(status) }

    /// Any error as a failure.
    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let problem as Problem: self.init(problem)
        case let invalid as InvalidFields: self.init(invalid)
        case let fault as AuthorLines.Fault: self.init(fault)
        case let failure as Spool.Failure:
            self.init(.output, "\(failure)", hint: "set TMPDIR to a folder with room")
        default: self.init(.failure, "\(error)")
        }
    }
}
