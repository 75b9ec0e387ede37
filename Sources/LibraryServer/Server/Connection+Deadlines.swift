import HTTPTypes
import NIOCore
import Shared

/// How long a connection goes on.
extension Connection {
    /// Closes the connection unless it has a request, or a reply that is not taken yet.
    /// - Returns: whether it is closed.
    func closeIfIdle() -> Bool {
        switch state {
        case .idle where unsent == 0, .lingering where unsent == 0: abort()
        case .closed: break
        case .idle, .lingering:
            setIdle(since: nil)
            return false
        default: return false
        }
        return true
    }

    /// Bytes that were written and that the operating system has not taken.
    private var unsent: Int { (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    /// Closes the connection once it has answered what it has begun with. A client that has sent nothing yet may be
    /// about to.
    func stop() {
        isStopping = true
        switch state {
        case .idle where hasServed:
            // All replies have been sent: no close can take one away.
            lingering = limits.firstRequest
            endOutput()
        case .request(let request) where request.isEventStream:
            // The client may read nothing any more.
            loop.scheduleTask(in: limits.firstRequest) { self.abort() }
        default: break
        }
    }

    func look() {
        let now = loop.now
        let unsent = unsent
        guard !backlog.isTooSlow(unsent: unsent, limits, at: now) else { return abort() }
        switch state {
        // Not before the last reply has been taken.
        case .idle where unsent > 0, .lingering where unsent > 0:
            since = now
            setIdle(since: nil)
        case .idle where isStopping && now - since > limits.firstRequest,
            .idle where now - since > limits.idle:
            close()
        case .head where now - since > (isStopping ? limits.firstRequest : limits.head):
            refuse(Failure(.requestTimeout))
        case .lingering where now - since > lingering: abort()
        case .request(let request): look(at: request)
        case .idle, .lingering: setIdle(since: since)
        default: break
        }
    }

    private func look(at request: CurrentRequest) {
        guard !request.isWhole, request.isWaitingForBody else { return }
        request.waited = request.waited + limits.look
        let longest =
            request.isBulk ? limits.body + .seconds(Int64(request.received / limits.slowestBody)) : limits.body
        guard request.waited > longest else { return }
        let failure = Failure(.requestTimeout, headers: [.connection: "close"])
        if case .routed(let routed) = request.handler { routed.fail(failure) } else { refuse(failure) }
    }

    func close() {
        flush()
        abort()
    }

    /// Breaks a reply off.
    func abort() {
        // Over TLS the connection goes on until the client has said that it closes too; its requests must not.
        breakOff()
        context?.close(promise: nil)
    }

    func breakOff() {
        if case .request(let request) = state, case .routed(let routed) = request.handler { routed.fail(.brokenBody) }
        enter(.closed)
    }
}
