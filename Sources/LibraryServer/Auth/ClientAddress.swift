import Glibc
import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

/// Where a request comes from.
struct RequestSource: Sendable, Equatable {
    /// By which limits count; as ``ClientAddress/of(_:_:behindProxy:)`` returns it.
    let network: String?
    /// For people; as ``ClientAddress/name(_:_:behindProxy:)`` returns it.
    let address: String?

    static let `operator` = RequestSource(network: nil, address: Initiator.operator.address)

    /// - Parameter name: of the account that makes the request.
    func initiator(_ name: String?) -> Initiator {
        self == .operator ? .operator : Initiator(name, from: address)
    }
}

extension RequestSource {
    init(_ request: Request, _ peer: SocketAddress?, behindProxy: Bool) {
        network = ClientAddress.of(request, peer, behindProxy: behindProxy)
        address = ClientAddress.name(request.headers[values: .forwardedFor].last, peer, behindProxy: behindProxy)
    }
}

/// The address by which the limits count requests.
enum ClientAddress {
    /// The network address of the client; `nil` for the unix socket, whose other end is the same user.
    ///
    /// Behind a proxy it is the last address in `X-Forwarded-For`, which the proxy itself has added: a client can
    /// forge all addresses before it. Requests for which the proxy adds no address share one limit.
    static func of(_ request: Request, _ peer: SocketAddress?, behindProxy: Bool) -> String? {
        guard behindProxy else { return peer.flatMap(network) }
        return forwarded(request.headers[values: .forwardedFor].last).flatMap(network) ?? "unknown"
    }

    /// The address of the client for the log: whole, `unix` for the unix socket, `unknown` if the proxy names none.
    /// - Parameter field: the last `X-Forwarded-For`.
    static func name(_ field: String?, _ peer: SocketAddress?, behindProxy: Bool) -> String? {
        if behindProxy { return forwarded(field)?.ipAddress.map(unmapped) ?? "unknown" }
        if case .unixDomainSocket? = peer { return "unix" }
        return peer?.ipAddress.map(unmapped)
    }

    /// Whether a request comes from this machine itself: over the unix socket or loopback, without a sign that another
    /// program has passed it on. A proxy names its client in one of the fields, or leaves the host that the client
    /// asked for, as a browser does whose page has given its own name this machine's address (DNS rebinding).
    /// - Parameter host: with or without a port.
    static func isLocal(_ headers: HTTPFields, host: String?, _ peer: SocketAddress?) -> Bool {
        let isForwarded = headers.contains {
            let name = $0.name.canonicalName
            return name.hasPrefix("x-forwarded-") || ["forwarded", "via", "x-real-ip"].contains(name)
        }
        guard !isForwarded, let peer else { return false }
        if case .unixDomainSocket = peer { return true }
        return isLoopback(host: peer.ipAddress ?? "") && isLoopback(host: withoutPort(host ?? ""))
    }

    private static func forwarded(_ field: String?) -> SocketAddress? {
        let last = field?.split(separator: ",").last ?? ""
        let text = String(last.filter { $0 != " " && $0 != "\t" })
        return [text, withoutPort(text)].lazy.compactMap { try? SocketAddress(ipAddress: $0, port: 0) }.first
    }

    /// The host of `1.2.3.4:5678` or `[2001:db8::1]:5678`, the form that some proxies write.
    private static func withoutPort(_ text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[..<end].dropFirst()) }
        return String(text.prefix { $0 != ":" })
    }

    /// An IPv4 address, or the first 64 bits of an IPv6 address, because one client usually has a whole /64
    /// (RFC 6177, section 2).
    static func network(_ address: SocketAddress) -> String? {
        switch address {
        case .unixDomainSocket: return nil
        case .v4: return address.ipAddress
        case .v6:
            // In binary form (inet_pton(3)), without the zone of a link-local address.
            var bytes = [UInt8](repeating: 0, count: 16)
            guard let text = address.ipAddress?.prefix(while: { $0 != "%" }),
                inet_pton(AF_INET6, String(text), &bytes) == 1
            else { return nil }
            // An IPv4-mapped address, ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).
            if bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
                return bytes[12...].map(String.init).joined(separator: ".")
            }
            return bytes[..<8].map { String($0, radix: 16) }.joined(separator: ":")
        }
    }
}
