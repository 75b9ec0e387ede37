import Shared

/// Carries one request to the daemon and brings back the answer. A closure, so that tests can put the daemon's own
/// router in libcurl's place.
typealias Transport = (TransportRequest) throws -> TransportReply

struct TransportRequest {
    let method: String
    /// With the query.
    let path: String
    let headers: [(name: String, value: String)]
    let body: Body?
    var patience = Patience.whole(milliseconds: 60_000)
    /// Takes the body of a reply that is a success, piece by piece as it comes, with the reply's head. Without it, and
    /// of other replies, the body is gathered. What it throws ends the exchange.
    var receive: ((_ head: TransportReply, _ bytes: [UInt8]) throws -> Void)?
    /// Has the body of a reply that is a success, and nothing else, once that is whole.
    var gathered: SpooledFile?

    enum Body {
        case bytes([UInt8])
        /// More than need be in memory.
        case spool(SpooledFile)
    }

    /// How long to wait.
    enum Patience {
        /// For the whole exchange.
        case whole(milliseconds: Int)
        /// For each piece of it.
        case piece(seconds: Int)
    }
}

struct TransportReply {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    /// Whether it is one of the successes that the API has. Others are of somebody else's making: a part (206), what a
    /// proxy has changed (203), what is still to be done (202).
    var isSuccess: Bool { [200, 201, 204].contains(status) }

    /// Without parameters, in lower case.
    var mediaType: String? {
        headers["content-type"]?.split(separator: ";").first.map { $0.lowercased() }
    }
}
