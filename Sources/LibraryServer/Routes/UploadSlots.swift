import Synchronization

/// Places for files that have to be whole before they are stored: each takes room on the library's disk, and the writer
/// for seconds.
final class UploadSlots: Sendable {
    private static let most = (ofOneOwner: 2, inAll: 8)

    private let taken = Mutex<[Int64: Int]>([:])

    /// - Throws: ``Failure`` `busy` if there is none.
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

/// Whatever becomes of the request, its place is free again with the last reference to it.
final class UploadSlot: Sendable {
    private let places: UploadSlots
    private let owner: Int64

    fileprivate init(_ places: UploadSlots, owner: Int64) {
        self.places = places
        self.owner = owner
    }

    deinit { places.free(owner) }
}
