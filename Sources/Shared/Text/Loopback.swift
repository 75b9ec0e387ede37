/// Whether a host, as written in a URL or in `--listen`, is this machine: `localhost`, `127.0.0.0/8` or `::1`. Other
/// names are not resolved, because their address can change at any time.
public func isLoopback(host: String) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    let isIPv4 = parts.count == 4 && parts.allSatisfy { Int64(decimal: $0).map { $0 <= 255 } ?? false }
    return ["localhost", "::1", "[::1]"].contains(host) || isIPv4 && parts[0] == "127"
}
