import Foundation

/// Measurements of this process by the operating system, under the names that all Prometheus clients have
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
enum ProcessMetrics {
    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))
    private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))

    static func write(to text: inout MetricsText) {
        // proc_pid_stat(5), behind the name of the program, which may have spaces: utime and stime, starttime, rss.
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 21,
            let user = Double(fields[11]), let system = Double(fields[12]), let start = Double(fields[19]),
            let pages = Int(fields[21])
        else { return }
        text.counter(
            "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", (user + system) / ticks)
        text.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", pages * pageSize)
        text.gauge(
            "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
            bootTime().map { $0 + start / ticks })
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        text.gauge("process_open_fds", "Number of open file descriptors.", descriptors)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        text.gauge("process_max_fds", "Maximum number of open file descriptors.", limit.rlim_cur)
    }

    /// Seconds since 1970 (proc_stat(5)).
    private static func bootTime() -> Double? {
        let stat = try? String(contentsOfFile: "/proc/stat", encoding: .utf8)
        return stat?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }
}
