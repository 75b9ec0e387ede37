import Glibc

/// A host, as written in a URL or in `--listen`, in the one form that all spellings of it have: in lower case, a name
/// without the dot at its end, an address as inet_ntop(3) writes it. IPv6 addresses keep their brackets.
public func canonicalHost(_ host: String) -> String {
    let host = host.lowercased()
    if host.hasPrefix("["), host.hasSuffix("]") {
        return canonicalIPv6(String(host.dropFirst().dropLast())).map { "[\($0)]" } ?? host
    }
    if host.contains(":") { return canonicalIPv6(host) ?? host }
    // inet_aton(3) takes an address that has text behind a space.
    var address = in_addr()
    if host.utf8.allSatisfy({ $0.hexDigitValue != nil || $0 == UInt8(ascii: "x") || $0 == UInt8(ascii: ".") }),
        inet_aton(host, &address) == 1
    {
        return withUnsafeBytes(of: address.s_addr) { $0.map(String.init).joined(separator: ".") }
    }
    return host.count > 1 && host.hasSuffix(".") && !host.hasSuffix("..") ? String(host.dropLast()) : host
}

/// Whether a host is this machine: `localhost`, `127.0.0.0/8` or `::1`, however it is spelt. Other names are not
/// resolved, because their address can change at any time.
public func isLoopback(host: String) -> Bool {
    let host = canonicalHost(host)
    let name = host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...]
    if name == "localhost" || name == "::1" { return true }
    let digits = unmapped(String(name)).split(separator: ".", omittingEmptySubsequences: false)
    return digits.count == 4 && digits[0] == "127"
        && digits.allSatisfy { Int64(decimal: $0).map { $0 <= 255 } ?? false }
}

/// The IPv4 address of an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2); any other address as it is.
/// - Parameter address: as inet_ntop(3) writes it, without brackets.
public func unmapped(_ address: String) -> String {
    address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
}

private func canonicalIPv6(_ text: String) -> String? {
    var address = [UInt8](repeating: 0, count: 16)
    var canonical = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_pton(AF_INET6, text, &address) == 1,
        inet_ntop(AF_INET6, address, &canonical, socklen_t(canonical.count)) != nil
    else { return nil }
    return String(terminated: canonical)
}
