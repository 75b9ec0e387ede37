import LibraryStore
import Shared

/// What the daemon counts of its requests and connections, from its start on.
struct Metrics: Sendable {
    let requests = RequestMetrics()
    let connections = ConnectionMetrics()
}

/// Counts requests by route and status, and their durations by route.
///
/// All series exist from the start on: routes are those of ``RouteTable/all`` and one for requests that no route
/// matches, so no client can make another one.
struct RequestMetrics: Sendable {
    /// Nanoseconds: the hot lane answers in less than the first, a password takes about the eighth.
    static let bounds: [UInt64] = [
        100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000, 300_000_000, 1_000_000_000,
        3_000_000_000, 10_000_000_000,
    ]
    /// The statuses that the API has. Others are counted as 0.
    static let statuses = [
        200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 422, 429, 431, 500, 501, 503,
        505, 507, 0,
    ]
    /// The index in ``statuses`` of each status from 100 to 599.
    private static let indices = (100..<600).map { statuses.firstIndex(of: $0) ?? statuses.count - 1 }
    private static let routeSize = Histogram.size(bounds) + statuses.count
    /// Those of the table, and requests without a route.
    private static let routeCount = RouteTable.all.count + 1

    private let counters: Counters
    private let times: [Histogram]

    init() {
        let counters = Counters(count: Self.routeCount * Self.routeSize)
        self.counters = counters
        times = (0..<Self.routeCount).map { Histogram(Self.bounds, in: counters, at: $0 * Self.routeSize) }
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
        route * routeSize + Histogram.size(bounds) + status
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
    /// One too many was answered with 503.
    func rejected() { counters.add(at: Count.rejected.rawValue) }
    /// An idle one was closed for another.
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
