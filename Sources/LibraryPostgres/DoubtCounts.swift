import LibraryStore

/// Counts of the transactions whose commit was not answered, by what became of them.
struct DoubtCounts: Sendable {
    enum Outcome: Int, CaseIterable {
        case committed, repeated, unknown
    }

    private let counts = Counters(count: Outcome.allCases.count)

    func resolved(_ outcome: Outcome) { counts.add(at: outcome.rawValue) }

    subscript(_ outcome: Outcome) -> UInt64 { counts[outcome.rawValue] }
}
