import LibraryStore
import Testing

/// A queue that is never empty frees what was taken.
struct JobQueueTests {
    private final class Job {}

    @Test func jobsComeInTheirOrder() {
        var queue = JobQueue<Int>()
        var (next, taken) = (0, 0)
        for round in 0..<1000 {
            for _ in 0..<(round.isMultiple(of: 3) ? 5 : 1) {
                queue.append(next)
                next += 1
            }
            #expect(queue.popFirst() == taken)
            taken += 1
            #expect(queue.count == next - taken)
        }
        while let job = queue.popFirst() {
            #expect(job == taken)
            taken += 1
        }
        #expect(taken == next && queue.count == 0)
    }

    @Test func aTakenJobIsFreedThoughOthersWait() {
        var queue = JobQueue<Job>()
        queue.append(Job())
        for _ in 0..<1000 {
            queue.append(Job())
            weak let job = queue.popFirst()
            #expect(job == nil)
        }
    }
}
