import Glibc
import Synchronization

/// Numbers that any thread adds to, without a lock. Each number is kept several times, for groups of threads, so that
/// threads that count the same at once do not wait for each other's memory.
package final class Counters: Sendable {
    private static let groups = 8

    private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>
    /// Cells of one group: whole lines of the processor's cache, of 64 bytes each.
    private let stride: Int
    private let count: Int

    /// - Parameter count: of the numbers, all of which begin with 0.
    package init(count: Int) {
        self.count = count
        stride = (count + 7) / 8 * 8
        cells = .allocate(capacity: Self.groups * stride)
        for index in 0..<Self.groups * stride { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: Self.groups * stride)
        cells.deallocate()
    }

    /// Adds to the number at `index`, which wraps around after 2^64.
    package func add(_ amount: UInt64 = 1, at index: Int) {
        precondition(index >= 0 && index < count)
        cells[Self.group * stride + index].wrappingAdd(amount, ordering: .relaxed)
    }

    package subscript(index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return (0..<Self.groups).reduce(0) { $0 &+ cells[$1 * stride + index].load(ordering: .relaxed) }
    }

    /// The group of this thread: from its address, multiplied by 2^64 divided by the golden ratio, so that all bits
    /// reach the first ones (Knuth, The Art of Computer Programming, volume 3, section 6.4).
    private static var group: Int { Int((UInt64(pthread_self()) &* 0x9E37_79B9_7F4A_7C15) >> 61) }
}

/// How many values lay in which range, as Prometheus has it
/// (https://prometheus.io/docs/concepts/metric_types/#histogram).
package struct Histogram: Sendable {
    /// The values that were counted until now.
    package struct Counts: Sendable {
        /// For each of ``Histogram/bounds`` how many values were no larger, and last how many there were in all.
        package let cumulative: [UInt64]
        package let sum: UInt64
    }

    /// Bounds of durations, in nanoseconds: the hot lane answers in less than the first, a password takes about the
    /// eighth.
    package static let durations: [UInt64] = [
        100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000, 300_000_000, 1_000_000_000,
        3_000_000_000, 10_000_000_000,
    ]

    /// The upper ends of the ranges, which belong to them, in ascending order. A last range has no end.
    package let bounds: [UInt64]
    private let counters: Counters
    private let start: Int

    /// How many numbers a histogram with these bounds keeps.
    package static func size(_ bounds: [UInt64]) -> Int { bounds.count + 2 }

    package init(_ bounds: [UInt64]) {
        self.init(bounds, in: Counters(count: Self.size(bounds)), at: 0)
    }

    /// - Parameter start: where its numbers begin among the counters.
    package init(_ bounds: [UInt64], in counters: Counters, at start: Int) {
        self.bounds = bounds
        self.counters = counters
        self.start = start
    }

    package func count(_ value: UInt64) {
        counters.add(at: start + (bounds.firstIndex { value <= $0 } ?? bounds.count))
        counters.add(value, at: start + bounds.count + 1)
    }

    package var counts: Counts {
        var total: UInt64 = 0
        let cumulative = (0...bounds.count).map { index in
            total &+= counters[start + index]
            return total
        }
        return Counts(cumulative: cumulative, sum: counters[start + bounds.count + 1])
    }
}
