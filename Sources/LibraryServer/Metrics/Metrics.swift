import LibraryStore
import Shared

/// Counts of requests and connections since the start of the daemon.
struct Metrics: Sendable {
    let requests = RequestMetrics()
    let connections = ConnectionMetrics()
}

/// Counts requests by route and status, and their durations by route.
///
/// All series exist from the start on: routes are those of ``RouteTable/all`` and one for requests that no route
/// matches, so no client can make another one.
struct RequestMetrics: Sendable {
    /// The statuses that the API has. Others are counted as 0.
    static let statuses = [200, 201, 204, 304] + Set(ErrorCode.allCases.map(\.status)).sorted() + [0]
    /// The index in ``statuses`` of each status from 100 to 599.
    private static let indices = (100..<600).map { statuses.firstIndex(of: $0) ?? statuses.count - 1 }
    /// The place of the first status behind the durations.
    private static let statusStart = Histogram.size(Histogram.durations)
    private static let routeSize = statusStart + statuses.count
    /// Number of routes, with one for requests that no route matches.
    private static let routeCount = RouteTable.all.count + 1

    private let counters: Counters
    private let times: [Histogram]

    init() {
        let counters = Counters(count: Self.routeCount * Self.routeSize)
        self.counters = counters
        times = (0..<Self.routeCount).map { Histogram(Histogram.durations, in: counters, at: $0 * Self.routeSize) }
    }

    /// - Parameters:
    ///   - route: its place in ``RouteTable/all``.
    ///   - time: in nanoseconds.
    func count(_ route: Int?, _ status: Int, _ time: UInt64) {
        let route = route ?? Self.routeCount - 1
        times[route].count(time)
        let index = (100..<600).contains(status) ? Self.indices[status - 100] : Self.statuses.count - 1
        counters.add(at: Self.place(route, index))
    }

    private static func place(_ route: Int, _ status: Int) -> Int {
        route * routeSize + statusStart + status
    }

    func write(to text: inout MetricsText) {
        let labels =
            RouteTable.all.map { [("method", $0.method.rawValue), ("route", $0.path)] }
            + [[("method", "-"), ("route", "-")]]
        text.histograms(
            "libraryd_http_request_duration_seconds", "Time from the head of a request to its reply.",
            zip(labels, times).map { (labels: $0, histogram: $1) }, unit: 1_000_000_000)
        text.family("libraryd_http_requests_total", .counter, "Requests that were answered.") { text in
            for (route, labels) in labels.enumerated() {
                for (index, status) in Self.statuses.enumerated() {
                    let count = counters[Self.place(route, index)]
                    if count > 0 { text.sample(labels + [("status", "\(status)")], count) }
                }
            }
        }
    }
}

/// Counts connections.
struct ConnectionMetrics: Sendable {
    private enum Count: Int, CaseIterable { case opened, closed, rejected, displaced }

    private let counters = Counters(count: Count.allCases.count)

    func opened() { counters.add(at: Count.opened.rawValue) }
    func closed() { counters.add(at: Count.closed.rawValue) }
    /// A connection beyond a limit was answered with 503.
    func rejected() { counters.add(at: Count.rejected.rawValue) }
    /// An idle connection was closed for another.
    func displaced() { counters.add(at: Count.displaced.rawValue) }

    private func value(_ count: Count) -> UInt64 { counters[count.rawValue] }

    func write(to text: inout MetricsText) {
        // In this order, so that none that closes meanwhile is counted as closed only.
        let closed = value(.closed)
        let opened = value(.opened)
        text.gauge("libraryd_connections", "Connections that are open.", opened - min(closed, opened))
        text.counter("libraryd_connections_opened_total", "Connections that were accepted.", opened)
        text.counter(
            "libraryd_connections_rejected_total", "Connections that were answered with 503, because of a limit.",
            value(.rejected))
        text.counter(
            "libraryd_connections_displaced_total", "Idle connections that were closed to make room for another.",
            value(.displaced))
    }
}
