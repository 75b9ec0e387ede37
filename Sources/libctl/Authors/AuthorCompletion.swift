import ArgumentParser
import Shared

/// Candidates for an id, from the daemon. Digits only: nothing that a user typed reaches the shell.
enum AuthorCompletion {
    /// Silent and quick: a shell waits for it. Without a login or a daemon there are no candidates.
    static func ids(_ arguments: [String], _ index: Int, _ prefix: String) -> [String] {
        guard let options = try? GlobalOptions.parse([]), let session = try? Session(options, io: .standard),
            let token = try? session.token(validFor: 0)
        else { return [] }
        let page = try? session.client.call(
            Endpoints.authors, authorization: "Bearer " + token, timeoutMilliseconds: 2000)
        return page?.authors.map { String($0.id) }.filter { $0.hasPrefix(prefix) } ?? []
    }
}
