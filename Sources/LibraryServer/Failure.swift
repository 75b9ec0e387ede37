import HTTPTypes
import LibraryStore
import Shared

/// Why a request is refused. All values are sent to the client; internal causes are only logged.
struct Failure: Error, Equatable {
    let code: ErrorCode
    let detail: String?
    var errors: [FieldError] = []
    var existingID: Int64?
    var headers: HTTPFields = [:]

    init(
        _ code: ErrorCode, _ detail: String? = nil, errors: [FieldError] = [], existingID: Int64? = nil,
        headers: HTTPFields = [:]
    ) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.existingID = existingID
        self.headers = headers
    }

    init(query invalid: InvalidFields) {
        self.init(.invalidQuery, "the query is not valid: \(invalid)", errors: invalid.errors)
    }

    /// The failure for an error of the store. For a temporary error, the client is asked to retry after a second.
    init(_ error: StoreError) {
        let isPassing = [.busy, .notReady, .storageUnavailable].contains(error.code)
        self.init(
            error.code, error.detail,
            errors: error.obstacles.map { FieldError("author \($0.id)", .invalid, $0.reason) },
            existingID: error.existingID, headers: isPassing ? [.retryAfter: "1"] : [:])
    }

    /// The body ended early or its framing is invalid. The connection is closed, because the start of a next request
    /// cannot be found.
    static let brokenBody = Failure(
        .badRequest, "the body ends early or is framed wrongly", headers: [.connection: "close"])

    /// A queue is full.
    static let busy = Failure(.busy, headers: [.retryAfter: "1"])

    var status: HTTPResponse.Status { .init(code: code.status, reasonPhrase: code.title) }

    func problem(requestID: String) -> Problem {
        Problem(
            status: status.code, title: status.reasonPhrase, code: code.rawValue,
            message: code.tutorialMessage ?? detail ?? code.text,
            detail: detail ?? code.text, requestID: requestID, errors: errors, existingID: existingID)
    }
}
