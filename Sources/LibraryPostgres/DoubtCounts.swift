import LibraryStore

/// What became of transactions whose commit was not answered.
struct DoubtCounts: Sendable {
    enum Outcome: Int, CaseIterable {
        case committed, repeated, unknown
    }

    private let counts = Counters(count: Outcome.allCases.count)

    func resolved(_ outcome: Outcome) { counts.add(at: outcome.rawValue) }

    subscript(_ outcome: Outcome) -> UInt64 { counts[outcome.rawValue] }
}
