package import Shared

/// Why the store did not do what it was asked to. Nothing was changed, but perhaps with `outcomeUnknown`.
package enum StoreError: Error, Sendable, Equatable {
    case authorNotFound
    /// The owner has an author with that name and book.
    case authorExists(id: Int64?)
    /// The author has another version than the caller asks for.
    case versionMismatch
    /// - Parameter name: if the user was asked for by name.
    case userNotFound(name: String?)
    case nameTaken(String)
    /// Nobody would be left to administer.
    case lastAdmin(name: String)
    case sessionNotFound
    /// - Parameter name: if the key was asked for by name.
    case keyNotFound(name: String?)
    case keyExists(String)
    /// The user has as many API keys as there may be.
    case tooManyKeys
    /// The user has another password by now, or is disabled.
    case passwordChanged
    case eventNotFound
    /// There are not as many changes as are to be undone.
    case fewerChanges(Int64)
    case importNotFound
    /// The library of that time is no longer known.
    /// - Parameter since: from when on it is known.
    case historyGone(since: Timestamp?)
    /// Some changes cannot be undone. Only the first authors are listed.
    case undoConflict([UndoObstacle], count: Int)
    /// The library has changed since the caller looked.
    case libraryChanged
    /// The idempotency key belongs to another request.
    case keyReused
    /// The results of a file take more room than is given to them.
    case tooManyResults
    /// A queue is full.
    case busy
    /// Writes are not stored at present.
    case notReady(Obstacle)
    /// The store is no longer open: the daemon is ending.
    case closed
    /// The owner was deleted meanwhile.
    case ownerDeleted
    case full(Cause)
    /// The database may be usable again.
    case unavailable(Cause)
    case failed(Cause)
    /// The server took the transaction and did not answer.
    case outcomeUnknown(Cause)

    /// What the engine says, for the log.
    package struct Cause: Sendable, Equatable {
        /// What kind of code it is, as the log names it.
        package let kind: String
        package let code: String
        package let message: String

        package init(_ kind: String, _ code: String, _ message: String) {
            (self.kind, self.code, self.message) = (kind, code, message)
        }
    }
}

extension StoreError {
    /// The code that the API has for it.
    package var code: ErrorCode {
        switch self {
        case .authorNotFound: .authorNotFound
        case .authorExists: .authorExists
        case .versionMismatch: .preconditionFailed
        case .userNotFound: .userNotFound
        case .nameTaken: .nameTaken
        case .lastAdmin: .lastAdmin
        case .sessionNotFound: .sessionNotFound
        case .keyNotFound: .keyNotFound
        case .keyExists: .keyExists
        case .tooManyKeys: .tooManyKeys
        case .passwordChanged: .credentialsWrong
        case .eventNotFound, .fewerChanges: .eventNotFound
        case .importNotFound: .importNotFound
        case .historyGone: .historyGone
        case .undoConflict: .undoConflict
        case .libraryChanged: .libraryChanged
        case .keyReused: .idempotencyKeyReused
        case .tooManyResults: .bodyTooLarge
        case .busy: .busy
        case .notReady: .notReady
        case .ownerDeleted: .tokenRevoked
        case .full: .storageFull
        case .unavailable, .closed: .storageUnavailable
        case .failed: .internalError
        case .outcomeUnknown: .outcomeUnknown
        }
    }

    /// What is wrong in this case; `nil` if there is no more to say than the code does.
    package var detail: String? {
        switch self {
        case .authorExists: "this author with this book is in the library already"
        case .userNotFound(let name?): "there is no user \(name)"
        case .nameTaken(let name): "the name \(name) is taken"
        case .keyNotFound(let name?): "there is no API key \(name)"
        case .keyExists(let name): "there is an API key \(name) already"
        case .lastAdmin(let name): "\(name) is the last admin; make another admin first"
        case .fewerChanges(0): "there is no change to undo"
        case .fewerChanges(let count): "the library has \(count) \(count == 1 ? "change" : "changes") only"
        case .historyGone(let since?): "the changes before \(since) are no longer kept"
        case .undoConflict(let authors, 1): "\(authors.first.map { "author \($0.id) \($0.reason)" } ?? "")"
        case .undoConflict(_, let count): "\(count) authors cannot be put back as they were"
        case .tooManyResults: "the file has too many lines for one request; send it in parts"
        case .notReady(let obstacle): "the daemon is not ready: \(obstacle)"
        default: nil
        }
    }

    /// The text for the log of an error that no client gets: the engine's message, or the error's code.
    package static func reason(of error: any Error) -> String {
        guard let error = error as? StoreError else { return "\(error)" }
        return error.cause.map { "\($0.message) (\($0.kind) \($0.code))" } ?? error.detail ?? error.code.rawValue
    }

    /// The id of the author that is in the way, if it is a conflict.
    package var existingID: Int64? { if case .authorExists(let id) = self { id } else { nil } }

    /// The database has what no release writes.
    package static func damaged(_ message: String) -> StoreError { .failed(Cause("library", "damaged", message)) }

    /// The authors that are in the way, if changes cannot be undone.
    package var obstacles: [UndoObstacle] { if case .undoConflict(let authors, _) = self { authors } else { [] } }

    /// What the engine says; `nil` if the store refused by itself.
    package var cause: Cause? {
        switch self {
        case .full(let cause), .unavailable(let cause), .failed(let cause), .outcomeUnknown(let cause): cause
        default: nil
        }
    }
}
