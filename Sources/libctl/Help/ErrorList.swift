import Shared

/// The text of `docs/errors.md`, generated from ``ErrorCode``.
enum ErrorList {
    static func page() -> String {
        let rows = ErrorCode.allCases.map { code in
            "| `\(code.rawValue)` | \(code.status) | \(code.exit.rawValue) | \(code.text) |"
        }
        return """
            # Errors

            <!-- Made by `make completions` from Sources/Shared/Errors/ErrorCode.swift. -->

            A reply that is no success is a problem document (RFC 9457, `application/problem+json`). Its `code` is one
            of these. Codes are added, never changed: a client takes a code that it does not know by its HTTP status.

            | code | status | exit code of `libctl` | meaning |
            |---|---:|---:|---|
            \(rows.joined(separator: "\n"))

            The members of a problem are `type` (`about:blank`), `title`, `status`, `detail`, `code`, `message`,
            `request_id`, `errors` for the faults of single fields, and `existing_id`, the id of the author that has
            the name and book already.
            """
    }
}
