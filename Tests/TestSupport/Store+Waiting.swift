package import LibraryStore
package import Shared

extension Store {
    /// Adds an author, and waits for it.
    package func createAuthor(
        _ draft: AuthorDraft, owner: Int64, from origin: Int64? = nil, as request: IdempotentRequest? = nil,
        at now: Timestamp
    ) async throws -> Author {
        try await withCheckedThrowingContinuation { continuation in
            createAuthor(draft, owner: owner, from: origin, as: request, at: now) { continuation.resume(with: $0) }
        }
    }

    /// Deletes the events of all libraries that are too many or too old.
    package func pruneHistory(at now: Timestamp) async throws { try await pruneHistory(onlyChanged: false, at: now) }
}
