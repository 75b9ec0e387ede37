import Shared

/// Nothing was sent, because the connection that the request names has ended.
struct ConnectionEnded: Error {}

/// Sends one request to the daemon and returns its reply. A closure, so that tests can replace libcurl with the
/// daemon's own router.
typealias Transport = (TransportRequest) throws -> TransportReply

struct TransportRequest {
    let method: String
    /// With the query.
    var path: String
    let headers: [(name: String, value: String)]
    let body: Body?
    var patience = Patience.whole(milliseconds: 60_000)
    /// Called with the head of a successful reply and each piece of its body, as the pieces arrive. Without `receive`,
    /// and for other replies, the body is stored. An error that `receive` throws ends the exchange.
    var receive: ((_ head: TransportReply, _ bytes: [UInt8]) throws -> Void)?
    /// Stores the body of a successful reply, and of no other. Complete when the exchange has ended.
    var gathered: SpooledFile?
    /// The connection over which to send the request, as ``TransportReply/Peer/connection`` numbers it; `nil` for any.
    /// If it has ended, nothing is sent and ``ConnectionEnded`` is thrown.
    var connection: Int?
    /// Limit for the whole exchange, besides ``patience``; `nil` for none.
    var limitMilliseconds: Int?

    enum Body {
        case bytes([UInt8])
        /// For a body that is too large for memory.
        case spool(SpooledFile)
    }

    /// The timeout.
    enum Patience {
        /// For the whole exchange.
        case whole(milliseconds: Int)
        /// For each piece of the body of the reply.
        case piece(seconds: Int)
    }
}

struct TransportReply {
    let status: Int
    /// By names in lower case.
    let headers: [String: String]
    let body: [UInt8]
    /// Who has replied; `nil` if the connection has ended.
    var peer: Peer?

    /// The other end of a connection.
    struct Peer {
        /// Counts the connections of this process.
        let connection: Int
        /// As ``ConnectionPlace`` writes it; `nil` if it is not on this machine.
        let place: String?
    }

    /// Whether the status is one of the API's successes. Other 2xx statuses are not libraryd's: a part of the body
    /// (206), a body that a proxy has changed (203), a request that is not done yet (202).
    var isSuccess: Bool { [200, 201, 204].contains(status) }

    /// Without parameters, in lower case.
    var mediaType: String? {
        headers["content-type"]?.split(separator: ";").first.map { $0.lowercased() }
    }
}
