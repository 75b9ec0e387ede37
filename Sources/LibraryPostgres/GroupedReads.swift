import Synchronization

/// Reads rows that many requests ask for at the same time in one statement: while a group waits for a connection, the
/// next requests join it.
///
/// A value is read after the request for it has come.
final class GroupedReads<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Question = (key: Key, continuation: CheckedContinuation<Value?, any Error>)

    private final class Group: Sendable {
        /// `nil` once the group is being read.
        private let questions: Mutex<[Question]?>
        /// Until when the first of them waits.
        let end: ContinuousClock.Instant
        private static var most: Int { 64 }

        init(_ question: Question, until end: ContinuousClock.Instant) {
            questions = Mutex([question])
            self.end = end
        }

        /// - Returns: whether the question has joined the group.
        func append(_ question: Question) -> Bool {
            questions.withLock { questions in
                guard let count = questions?.count, count < Self.most else { return false }
                questions?.append(question)
                return true
            }
        }

        var count: Int { questions.withLock { $0?.count ?? 0 } }

        /// The questions; none joins any more.
        func close() -> [Question] {
            questions.withLock { questions in
                defer { questions = nil }
                return questions ?? []
            }
        }
    }

    private let connections: Connections
    private let read: @Sendable (Connection, [Key]) throws -> [Key: Value]
    /// The group that waits for a connection, or has just got one.
    private let last = Mutex<Group?>(nil)

    /// - Parameter read: reads the values of keys, each of which it is given once. A key without a value is left out.
    init(on connections: Connections, _ read: @escaping @Sendable (Connection, [Key]) throws -> [Key: Value]) {
        (self.connections, self.read) = (connections, read)
    }

    /// - Throws: as ``Connections/run(until:_:)``.
    func value(of key: Key, until end: ContinuousClock.Instant) async throws -> Value? {
        try await withCheckedThrowingContinuation { continuation in
            let question = (key, continuation)
            let begun: Group? = last.withLock { last in
                if let last, last.append(question) { return nil }
                let group = Group(question, until: end)
                last = group
                return group
            }
            if let begun { Task { await perform(begun) } }
        }
    }

    /// How many are in the group that can still be joined.
    var waitingCount: Int { last.withLock { $0?.count ?? 0 } }

    private func perform(_ group: Group) async {
        do {
            try await connections.run(until: group.end) { [read] connection in
                let questions = group.close()
                let values = Result { try read(connection, Array(Set(questions.map(\.key)))) }
                for (key, continuation) in questions { continuation.resume(with: values.map { $0[key] }) }
                _ = try values.get()
            }
        } catch {
            // No connection was to be had, or all have their answers.
            for question in group.close() { question.continuation.resume(throwing: error) }
        }
    }
}
