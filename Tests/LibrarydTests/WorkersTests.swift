import Dispatch
import Synchronization
import Testing

@testable import LibraryStore

struct WorkersTests {
    /// A thread's own, which counts what is done with it.
    private final class Resource: Sendable {
        let jobs = Mutex(0)
        let isEnded = Mutex(false)
    }

    @Test func theResourceOfAThreadEndsAfterItsJobs() {
        let made = Mutex<[Resource]>([])
        let workers = Workers(count: 2) { () -> Resource in
            let resource = Resource()
            made.withLock { $0.append(resource) }
            return resource
        } end: { resource in
            resource.isEnded.withLock { $0 = true }
        }
        for _ in 0..<100 {
            let refusal = workers.submit { resource in
                #expect(!resource.isEnded.withLock { $0 })
                resource.jobs.withLock { jobs in jobs += 1 }
            }
            #expect(refusal == nil)
        }
        workers.close()
        let resources = made.withLock { $0 }
        #expect(resources.count == 2 && resources.allSatisfy { $0.isEnded.withLock { $0 } })
        #expect(resources.map { $0.jobs.withLock { $0 } }.reduce(0, +) == 100)
    }

    @Test func moreJobsThanMayWaitAreRefused() {
        let workers = Workers(count: 1, longestQueue: 2, {})
        let (begun, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let first = workers.submit {
            begun.signal()
            goOn.wait()
        }
        #expect(first == nil)
        begun.wait()
        #expect((0..<4).map { _ in workers.submit {} } == [nil, nil, .full, .full])
        #expect(workers.waitingCount == 2)
        goOn.signal()
        workers.close()
        #expect(workers.waitingCount == 0)
    }

    @Test func nothingIsRunAfterTheEnd() async {
        let workers = Workers<Void>(count: 1)
        workers.close()
        workers.close()
        #expect(workers.submit { Issue.record("a job was run") } == .closed)
        await #expect(throws: StoreError.closed) { try await workers.run { Issue.record("a job was run") } }
    }
}
