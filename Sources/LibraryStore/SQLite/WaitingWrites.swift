/// Who asks for a write.
enum WriteOrigin: Hashable, Sendable {
    /// The daemon itself, an operator, or somebody who has not logged in.
    case daemon
    /// A user, by the row id.
    case user(Int64)
    /// A file or an undo of that user which is stored while the user's other writes wait.
    case file(of: Int64)
}

/// The writes that wait for the writer, in a queue for each origin.
///
/// A group takes one write of each origin in turn, so a user who has many waiting delays those of others by one group
/// at most. The writes of one origin are performed in the order in which they came.
struct WaitingWrites<Write> {
    private struct Item {
        let write: Write
        /// Whether it takes as long as hundreds of others.
        let isLong: Bool
    }

    private var queues: [WriteOrigin: JobQueue<Item>] = [:]
    /// The origins whose writes may be performed, each once, in the order of their turns.
    private var turns = JobQueue<WriteOrigin>()
    /// Users whose writes wait until a file or an undo of theirs is stored.
    private var held: Set<Int64> = []
    private var lastGroupWasLong = false
    private(set) var count = 0

    /// Whether no write can be performed now.
    var isIdle: Bool { turns.isEmpty }

    /// - Parameter limit: of all that wait. A user may have at most as many waiting as there are free places, so no
    ///   user can take them all.
    /// - Returns: whether there was room.
    mutating func append(_ write: Write, from origin: WriteOrigin, isLong: Bool, limit: Int) -> Bool {
        let waiting = queues[origin]?.count ?? 0
        guard count < limit, origin == .daemon || waiting < limit - count else { return false }
        queues[origin, default: JobQueue()].append(Item(write: write, isLong: isLong))
        count += 1
        if waiting == 0, !isHeld(origin) { turns.append(origin) }
        return true
    }

    /// Takes the next group. It has one long write at most, and none if the last group had one and others wait.
    mutating func takeGroup(upTo limit: Int) -> [Write] {
        var group: [Write] = []
        var isLong = false
        var passed: [WriteOrigin] = []
        while group.count < limit, let origin = turns.popFirst() {
            guard let place = queues.index(forKey: origin), let next = queues.values[place].first else { continue }
            if next.isLong, isLong || lastGroupWasLong {
                passed.append(origin)
                continue
            }
            isLong = isLong || next.isLong
            take(at: place, into: &group)
        }
        if group.isEmpty, !passed.isEmpty, let place = queues.index(forKey: passed.removeFirst()) {
            isLong = true
            take(at: place, into: &group)
        }
        turns.prepend(passed)
        lastGroupWasLong = isLong
        return group
    }

    /// Takes the first write of a queue, and gives its origin the last turn if there are more.
    private mutating func take(at place: Dictionary<WriteOrigin, JobQueue<Item>>.Index, into group: inout [Write]) {
        guard let item = queues.values[place].popFirst() else { return }
        group.append(item.write)
        count -= 1
        if queues.values[place].isEmpty { queues.remove(at: place) } else { turns.append(queues[place].key) }
    }

    private func isHeld(_ origin: WriteOrigin) -> Bool {
        guard !held.isEmpty, case .user(let user) = origin else { return false }
        return held.contains(user)
    }

    /// Lets the user's writes wait, but for those of ``WriteOrigin/file(of:)``.
    /// - Returns: `false` if they wait already.
    mutating func hold(_ user: Int64) -> Bool {
        guard held.insert(user).inserted else { return false }
        turns.remove { $0 == .user(user) }
        return true
    }

    mutating func release(_ user: Int64) {
        if held.remove(user) != nil, queues[.user(user)] != nil { turns.append(.user(user)) }
    }

    /// Takes the writes of users who are held.
    mutating func takeHeld() -> [Write] {
        let origins = held.map { WriteOrigin.user($0) }
        return origins.flatMap { origin in
            var queue = queues.removeValue(forKey: origin) ?? JobQueue()
            count -= queue.count
            var writes: [Write] = []
            while let item = queue.popFirst() { writes.append(item.write) }
            return writes
        }
    }
}
