import Shared

extension CommandError {
    init(_ problem: Problem) {
        self.init(problem, retryAfter: nil)
    }

    /// The failure in the words of libctl, with what to do next. For a code that this version does not know, and
    /// where the daemon says more than the code, the daemon's own sentence.
    /// - Parameter seconds: the `Retry-After` of the reply.
    init(_ problem: Problem, retryAfter seconds: Int64?) {
        let advice = problem.knownCode?.advice(problem)
        var reason = advice?.reason ?? Self.plain(problem.detail)
        if !problem.errors.isEmpty, problem.knownCode != .authorExists {
            reason = CommandError(InvalidFields(problem.errors)).reason
        }
        self.init(
            ExitStatus(problem), reason, hint: seconds.map { "try again in \($0) s" } ?? advice?.hint, problem: problem)
    }

    init(_ invalid: InvalidFields) {
        let names = [
            "password": "the password", "current_password": "the current password", "new_password": "the new password",
        ]
        let faults = invalid.errors.map { "\(names[$0.field] ?? $0.field) \($0.message)" }
        self.init(.invalid, faults.joined(separator: "; "))
    }

    /// A sentence of the daemon in the form of the other messages: without a capital letter at its beginning and
    /// without a full stop. Names such as `JSON` and `Idempotency-Key` stay.
    static func plain(_ sentence: String) -> String {
        var text = sentence[...]
        if text.hasSuffix("."), !text.hasSuffix("...") { text = text.dropLast() }
        let word = text.prefix { $0 != " " }
        guard let first = word.first, first.isUppercase, !word.contains("-"), word.dropFirst().allSatisfy(\.isLowercase)
        else { return String(text) }
        return first.lowercased() + text.dropFirst()
    }

    /// What a line of a file failed with, in the words of libctl.
    static func message(of result: BulkResult, code: String) -> String {
        if code == ErrorCode.authorExists.rawValue { return ErrorCode.thereAlready(result.existingID) }
        return result.message.map(plain) ?? code
    }

    /// The same failure with another text.
    func saying(_ reason: String? = nil, hint: String? = nil) -> CommandError {
        CommandError(exit, reason ?? self.reason, hint: hint ?? self.hint, problem: problem)
    }
}

extension ErrorCode {
    fileprivate static func thereAlready(_ id: Int64?) -> String {
        "this author with this book is in the library already" + (id.map { ", with the id \($0)" } ?? "")
    }

    /// What went wrong, unless the daemon's own sentence says more, and what to do next.
    fileprivate func advice(_ problem: Problem) -> (reason: String?, hint: String?) {
        switch self {
        case .badRequest, .invalidJSON, .invalidCSV, .invalidEncoding, .notAcceptable, .invalidQuery, .invalidFields,
            .uriTooLong, .headersTooLarge, .notImplemented, .versionNotSupported, .tokensConflict, .bodyTooLarge,
            .credentialsMissing, .credentialsMalformed:
            (nil, nil)
        case .unsupportedMediaType:
            ("the daemon does not take a body of this type here", "send JSON, with Content-Type: application/json")
        case .requestTimeout: ("the request took too long to arrive", "try again")
        case .notFound: ("the daemon has nothing at this path", nil)
        case .methodNotAllowed: ("this path does not take this method", nil)
        case .credentialsWrong: ("the name or the password is wrong", "libctl register NAME makes a new account")
        case .tokenMissing: ("the request has no token", "libctl login")
        case .tokenMalformed: ("the daemon does not know the token", "libctl login")
        case .tokenExpired: ("the token has expired", "libctl login")
        case .tokenRevoked, .refreshTokenInvalid: ("the login has ended", "libctl login")
        case .passwordWrong:
            ("the current password is wrong", "if you forgot it: libraryd user passwd NAME, on the daemon's machine")
        case .rateLimited: ("there were too many attempts", "try again later")
        case .registrationClosed:
            ("registration is closed", "libraryd user add NAME, on the daemon's machine")
        case .adminRequired: ("only an admin may do this", "libraryd user promote NAME, on the daemon's machine")
        case .insufficientScope:
            ("this API key may only read", "libctl keys add NAME --scope write makes one that writes, with a login")
        case .loginRequired: ("an API key may not do this", "unset LIBCTL_TOKEN to use your login")
        case .keyNotFound: ("you have no API key with this id", "libctl keys list")
        case .keyExists: (nil, "libctl keys rm NAME, or choose another name")
        case .tooManyKeys: (nil, "libctl keys rm NAME")
        case .nameTaken: (nil, "libctl login NAME, or register another name")
        case .userNotFound: (nil, "libctl users list")
        case .sessionNotFound: ("you have no login with this id", "libctl sessions list")
        case .lastAdmin:
            (
                "the last admin can be neither removed, disabled nor demoted",
                "libctl users promote NAME makes another admin"
            )
        case .authorNotFound: ("there is no such author in your library", "libctl authors list")
        case .authorExists where !problem.errors.isEmpty: (nil, nil)
        case .authorExists:
            (Self.thereAlready(problem.existingID), problem.existingID.map { "libctl authors show \($0)" })
        case .eventNotFound: (nil, "libctl authors log shows the last ones")
        case .importNotFound: ("no change of this import is known", "libctl authors log -o ndjson shows imports")
        case .historyGone: (nil, "libctl authors log shows the changes that are kept")
        case .undoConflict: (nil, "--force leaves them as they are")
        case .libraryChanged: ("the library has changed meanwhile", "look again: libctl authors log")
        case .preconditionFailed: ("the author has changed meanwhile", "libctl authors show ID, then try again")
        case .idempotencyKeyReused:
            ("the Idempotency-Key was sent with another request before", "send a new one with --header, or none")
        case .busy: ("the daemon has too much to do at once", "try again")
        case .notReady: (nil, "libctl status --wait 30s")
        case .storageFull: ("the daemon's disk is full", "make room on the daemon's machine, then try again")
        case .storageUnavailable: ("the daemon cannot use its database now", "libctl status --wait 30s")
        case .outcomeUnknown: ("the daemon does not know whether it was done", CommandError.mayBeDone)
        case .internalError:
            ("something went wrong in the daemon", "its log has the reason: search for \(problem.requestID)")
        }
    }
}
