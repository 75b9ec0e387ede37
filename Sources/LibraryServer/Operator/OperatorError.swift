import LibraryStore
import Shared

extension CommandError {
    /// - Parameter library: the path of the database, which is named in messages about SQLite errors.
    package init(_ error: any Error, library: String = "the library") {
        switch error {
        case let error as CommandError: self = error
        case let failure as Failure: self.init(failure.problem(requestID: ""))
        case let invalid as InvalidFields: self.init(.usage, "\(invalid)")
        case let error as StoreError:
            if let cause = error.cause {
                self.init(cause, path: library)
            } else {
                self.init(Failure(error).problem(requestID: ""))
            }
        default: self.init(.failure, "\(error)")
        }
    }

    private init(_ problem: Problem) {
        switch problem.knownCode {
        case .userNotFound: self.init(.notFound, problem.detail, hint: "libraryd user list")
        case .nameTaken: self.init(.conflict, problem.detail, hint: "libraryd user list")
        case .keyNotFound: self.init(.notFound, problem.detail, hint: "libraryd user key list NAME")
        case .keyExists, .tooManyKeys:
            self.init(.conflict, problem.detail, hint: "libraryd user key rm NAME KEY")
        case .lastAdmin: self.init(.conflict, problem.detail, hint: "libraryd user promote NAME")
        case .notReady: self.init(.temporaryFailure, problem.detail, hint: "see what the daemon's log says")
        default: self.init(.failure, problem.detail)
        }
    }
}
