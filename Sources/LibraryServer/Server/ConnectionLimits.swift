package import NIOCore

/// How many connections there may be, and how long a client may take.
package struct ConnectionLimits: Sendable {
    /// Connections of all listeners together.
    package var connections = 512
    /// Of these, connections of one address. This machine, a Unix socket and a proxy are exempt.
    package var connectionsOfAddress = 128
    /// From the first byte of a head to its end.
    package var head = TimeAmount.seconds(10)
    /// For a body, as far as the daemon waits for it; afterwards it must have come at ``slowestBody`` on average.
    package var body = TimeAmount.seconds(30)
    /// Bytes a second.
    package var slowestBody = 1024
    /// For a piece of a reply to be taken.
    package var reply = TimeAmount.seconds(30)
    /// Between two requests.
    package var idle = TimeAmount.seconds(60)
    /// For the rest of a body that nobody wants, once it has been answered.
    package var lingering = TimeAmount.seconds(5)
    /// When the daemon stops, for a connection that has sent no whole head yet, and for the client of an idle one to
    /// close it; and for that of one which is refused.
    package var firstRequest = TimeAmount.seconds(1)
    /// Between two looks at a connection.
    package var look = TimeAmount.seconds(1)

    package init() {}
}
