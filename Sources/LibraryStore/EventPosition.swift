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

    /// The number of the event with that id, if this is the last event.
    /// - Throws: ``StoreError`` `eventNotFound`.
    package func number(of id: String) throws -> Int64 {
        guard let position = EventPosition(id), position.epoch == epoch, position.sequence <= sequence else {
            throw StoreError.eventNotFound
        }
        return position.sequence
    }
}

/// From when on the states of a library are known.
package struct HistoryStart: Sendable, Equatable {
    /// The number of the first event after which the library is known.
    package let number: Int64
    /// When the next one happened.
    package let time: Timestamp?

    package init(number: Int64, time: Timestamp?) { (self.number, self.time) = (number, time) }

    /// Passes if the library just after an event is known.
    /// - Parameter last: the owner's last event.
    /// - Throws: ``StoreError`` `historyGone`.
    func requireKept(after event: Int64, _ last: EventPosition) throws {
        guard event <= last.sequence, event >= number || event == last.sequence else {
            throw StoreError.historyGone(since: time)
        }
    }
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
