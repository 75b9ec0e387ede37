/// Jobs in the order in which they came. A job that was taken is freed, also if the queue is never empty.
package struct JobQueue<Job> {
    private var jobs: [Job?] = []
    /// Jobs that have been taken from the beginning of ``jobs``.
    private var taken = 0

    package init() {}

    /// How many wait.
    package var count: Int { jobs.count - taken }
    var isEmpty: Bool { count == 0 }
    var first: Job? { isEmpty ? nil : jobs[taken] }

    package mutating func append(_ job: Job) { jobs.append(job) }

    /// Puts jobs before the first.
    mutating func prepend(_ others: [Job]) {
        guard !others.isEmpty else { return }
        jobs.replaceSubrange(..<taken, with: others)
        taken = 0
    }

    mutating func remove(where isUnwanted: (Job) -> Bool) {
        jobs = jobs[taken...].filter { $0.map { !isUnwanted($0) } ?? false }
        taken = 0
    }

    package mutating func popFirst() -> Job? {
        guard let job = first else { return nil }
        jobs[taken] = nil
        taken += 1
        if taken == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            taken = 0
        } else if taken >= 64, 2 * taken >= jobs.count {
            jobs.removeFirst(taken)
            taken = 0
        }
        return job
    }
}
