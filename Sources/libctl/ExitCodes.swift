import Shared

extension ExitStatus {
    /// The exit status for a problem: by its code, or by its HTTP status if this program does not know the code.
    init(_ problem: Problem) {
        switch (problem.knownCode, problem.status) {
        case (let code?, _): self = code.exit
        case (_, 401): self = .notLoggedIn
        case (_, 403): self = .forbidden
        case (_, 404): self = .notFound
        case (_, 409), (_, 412): self = .conflict
        case (_, 408), (_, 429), (_, 503), (_, 507): self = .temporaryFailure
        case (_, 400..<500): self = .invalid
        default: self = .internalError
        }
    }
}

extension ExitStatus {
    /// One line for the help and the manual page.
    var meaning: String {
        switch self {
        case .done: "Done; an empty list too."
        case .failure: "An error without a code of its own."
        case .declined: "Declined at a prompt."
        case .notFound: "Not found."
        case .notLoggedIn: "Not logged in, expired, or a wrong password."
        case .forbidden: "Forbidden."
        case .conflict: "In conflict with what exists, or changed meanwhile."
        case .invalid: "Rejected as invalid."
        case .partial: "A batch failed in part."
        case .usage: "Wrong usage, or --yes or a prompt would be needed."
        case .dataError: "The input cannot be parsed."
        case .noInput: "The input cannot be read."
        case .unavailable: "No daemon answers."
        case .internalError: "The daemon failed."
        case .ioError: "The output could not be written."
        case .temporaryFailure: "Try again later: a time-out, a limit, or a busy daemon."
        case .protocolError: "The reply is not libraryd's, or not whole."
        case .noPermission: "The credentials file is not private."
        case .configuration: "Bad configuration."
        case .brokenPipe: "The reader of the output closed it."
        }
    }

    /// The exit status for a line of an imported file, by its error code: a line has no HTTP status.
    init(line code: String) {
        self = ErrorCode(rawValue: code)?.exit ?? .invalid
    }
}

extension Problem {
    /// Whether the daemon does not know if it has done what it was asked to: the same as a lost answer.
    var isOutcomeUnknown: Bool { code == ErrorCode.outcomeUnknown.rawValue }
}

extension CommandError {
    /// The hint where a request may have taken effect.
    static let mayBeDone = "the daemon may have done it all the same: look before you try again"

    /// Whether the exchange failed after the daemon may have received the request.
    var isLostAnswer: Bool {
        problem.map(\.isOutcomeUnknown) ?? [.temporaryFailure, .protocolError].contains(exit)
    }

    /// Converts any error.
    init(_ error: any Error) {
        switch error {
        case let failure as CommandError: self = failure
        case let problem as Problem: self.init(problem)
        case let invalid as InvalidFields: self.init(invalid)
        case let fault as AuthorLines.Fault: self.init(fault)
        case let failure as SpooledFile.Failure:
            self.init(.ioError, "\(failure)", hint: "set TMPDIR to a folder with room")
        default: self.init(.failure, "\(error)")
        }
    }
}
