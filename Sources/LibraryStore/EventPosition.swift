package import Shared

/// A place among the events of one owner: `EPOCH-SEQUENCE` on the wire.
package struct EventPosition: Sendable, Equatable, CustomStringConvertible {
    /// The epoch of the library. A restore begins another one, because it gives out the same numbers again.
    package let epoch: String
    /// From 1, without gaps; 0 is before all events.
    package let sequence: Int64

    package init(epoch: String, sequence: Int64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads the form that ``description`` writes and no other.
    package init?(_ text: String) {
        guard HistoryPoint.isEventID(text), let sequence = Int64(decimal: text.dropFirst(17)) else { return nil }
        self.init(epoch: String(text.prefix(16)), sequence: sequence)
    }

    package var description: String { "\(epoch)-\(sequence)" }
}

/// How long the events of a library are kept.
package struct HistoryLimit: Sendable, Equatable {
    /// Of each owner, at most; at least 1.
    package let events: Int64
    /// Older ones are deleted; `nil` if none is too old. The last event of each owner is kept whatever its age.
    package let age: TimeSpan?

    package init(events: Int64 = 100_000, age: TimeSpan? = nil) {
        (self.events, self.age) = (max(1, events), age)
    }
}
