import Synchronization

/// Limits the uploads that are stored as a whole or planned. Each takes space on the library's disk, and may keep the
/// writer busy for seconds.
final class UploadSlots: Sendable {
    private static let most = (ofOneOwner: 2, inAll: 8)

    private let taken = Mutex<[Int64: Int]>([:])

    /// - Throws: ``Failure`` `busy` if no slot is free.
    func take(for owner: Int64) throws(Failure) -> UploadSlot {
        let isAdmitted = taken.withLock { taken in
            guard taken[owner, default: 0] < Self.most.ofOneOwner, taken.values.reduce(0, +) < Self.most.inAll else {
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
