import Synchronization

/// Limits the uploads of one kind at a time. One that is stored as a whole or planned takes space on the library's
/// disk, and may keep the writer busy for seconds; one whose lines are stored as they come takes some MiB of memory.
final class UploadSlots: Sendable {
    private let most: (ofOneOwner: Int, inAll: Int)
    private let taken = Mutex<[Int64: Int]>([:])

    init(ofOneOwner: Int, inAll: Int) {
        most = (ofOneOwner, inAll)
    }

    /// - Throws: ``Failure`` `busy` if no slot is free.
    func take(for owner: Int64) throws(Failure) -> UploadSlot {
        let isAdmitted = taken.withLock { taken in
            guard taken[owner, default: 0] < most.ofOneOwner, taken.values.reduce(0, +) < most.inAll else {
                return false
            }
            taken[owner, default: 0] += 1
            return true
        }
        guard isAdmitted else { throw Failure.busy }
        return UploadSlot(self, owner: owner)
    }

    fileprivate func free(_ owner: Int64) {
        taken.withLock { taken in
            let rest = taken[owner, default: 0] - 1
            taken[owner] = rest > 0 ? rest : nil
        }
    }
}

/// A slot that is taken. It becomes free with its last reference, however the request ends.
final class UploadSlot: Sendable {
    private let places: UploadSlots
    private let owner: Int64

    fileprivate init(_ places: UploadSlots, owner: Int64) {
        self.places = places
        self.owner = owner
    }

    deinit { places.free(owner) }
}
