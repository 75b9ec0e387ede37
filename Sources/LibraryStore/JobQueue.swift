/// Jobs in the order in which they came. A job that was taken is freed, also if the queue is never empty.
package struct JobQueue<Job> {
    private var jobs: [Job?] = []
    /// Jobs that have been taken from the beginning of ``jobs``.
    private var taken = 0

    package init() {}

    /// How many wait.
    package var count: Int { jobs.count - taken }

    package mutating func append(_ job: Job) { jobs.append(job) }

    package mutating func popFirst() -> Job? {
        guard taken < jobs.count else { return nil }
        let job = jobs[taken]
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
