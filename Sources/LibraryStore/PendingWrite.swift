import Synchronization

/// A write that waits for a transaction, in which others may be.
package struct PendingWrite<Target>: Sendable {
    /// Performs the write and keeps its result for ``finish``. It may be called again, after its first work was undone.
    package let perform: @Sendable (Target) throws -> Void
    /// Answers the caller: with the result, after a commit, or with the error that undid the whole group.
    package let finish: @Sendable ((any Error)?) -> Void

    /// - Parameters:
    ///   - committed: called after the commit with what `body` returned, before `completion`.
    ///   - completion: called once.
    package init<Value: Sendable>(
        _ body: @escaping @Sendable (Target) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in },
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let outcome = Outcome<Value>()
        perform = { target in
            let result = Result { try body(target) }
            outcome.result.withLock { $0 = result }
            _ = try result.get()
        }
        finish = { groupError in
            switch (outcome.result.withLock { $0 }, groupError) {
            // What was refused in a transaction that was undone is not so: it may have met what was undone.
            case (_, let error?), (.failure(let error), nil): completion(.failure(error))
            case (.success(let value), nil):
                committed(value)
                completion(.success(value))
            case (nil, nil): completion(.failure(StoreError.failed(.init("library", "skipped", "a write was skipped"))))
            }
        }
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}
