import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

/// Sends callers the changes of their libraries as server-sent events (WHATWG HTML, section 9.2).
struct EventRoutes: Sendable {
    static let mediaType = "text/event-stream"

    let store: any Store
    let authenticator: Authenticator

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.authorEvents) { request, context in
            let asked = try request.request.lastEventID
            let subscription = try store.changes.watch(context.principal.userID)
            let since = try await start(try request.query(), context)
            let last = try await store.lastEvent(owner: context.principal.userID)
            let (authenticator, headers) = (authenticator, request.headers)
            // The token is checked again before each write, so that the stream ends when the token expires.
            let stream = EventWriter(
                store: store, context: context, subscription: subscription, asked: asked ?? since, last: last
            ) {
                (try? await authenticator.caller(headers)) != nil
            }
            return .made(
                Response(
                    status: .ok, headers: [.contentType: Self.mediaType, .accelBuffering: "no"],
                    body: ResponseBody { try await stream.write(to: &$0) }))
        }
    }

    /// The event after which the query begins.
    private func start(_ query: EventQuery, _ context: CallerContext) async throws -> EventPosition? {
        guard let since = query.since else { return nil }
        return try await store.position(of: since, owner: context.principal.userID)
    }
}

/// Writes the events of one caller, from a given position on.
private struct EventWriter: Sendable {
    /// Time between keep-alives. Each writes at least a comment.
    private static let keepAlive = TimeAmount.seconds(15)
    /// The connection is closed after this many keep-alives in a row that could not be written.
    private static let mostUnwritten = 3
    /// Clients reconnect after this many milliseconds.
    private static let retryField = Array("retry: 1000\n".utf8)
    private static let keepAliveComment = Array(": \n\n".utf8)

    private let store: any Store
    private let context: CallerContext
    private let subscription: ChangeSubscription
    private let start: EventPosition
    private let greeting: [UInt8]
    private let isAllowed: @Sendable () async -> Bool

    init(
        store: any Store, context: CallerContext, subscription: ChangeSubscription, asked: EventPosition?,
        last: EventPosition,
        isAllowed: @escaping @Sendable () async -> Bool
    ) {
        self.isAllowed = isAllowed
        self.store = store
        self.context = context
        self.subscription = subscription
        switch asked {
        case nil:
            // `id:` without `data:` sets the Last-Event-ID of the client and dispatches nothing.
            start = last
            greeting = Self.retryField + Array("id: \(last)\n\n".utf8)
        case let asked? where asked.epoch == last.epoch && asked.sequence <= last.sequence:
            start = asked
            greeting = Self.retryField + [UInt8(ascii: "\n")]
        default:
            start = last
            greeting = Self.retryField + last.reset
        }
    }

    func write(to writer: inout any ResponseBodyWriter) async throws {
        defer { subscription.leave() }
        let (subscription, channel) = (subscription, context.channel)
        let ticks = channel.eventLoop.scheduleRepeatedTask(initialDelay: Self.keepAlive, delay: Self.keepAlive) { _ in
            if subscription.tick() > Self.mostUnwritten { channel.close(promise: nil) }
        }
        defer { ticks.cancel() }
        channel.closeFuture.whenComplete { [weak subscription] _ in subscription?.end() }
        try await writeEvents(&writer)
        try await writer.finish(nil)
    }

    /// Writes the events so far, and new events at each wake, until the token, the session or the connection ends. If
    /// there are none when time has passed, writes a comment.
    private func writeEvents(_ writer: inout any ResponseBodyWriter) async throws {
        var wakes = subscription.wakes.makeAsyncIterator()
        var position = start
        var bytes = greeting
        repeat {
            let ticks = subscription.ticks
            var page: EventPage
            repeat {
                let events: [UInt8]
                (events, page) = try await store.events(after: position, owner: context.principal.userID) {
                    try $0.stream()
                }
                guard await isAllowed() else { return }
                position = page.position
                bytes += events
                if bytes.isEmpty, ticks > 0 { bytes = Self.keepAliveComment }
                if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                bytes = []
            } while page.isFull
            subscription.acknowledge(ticks)
        } while await wakes.next() != nil
    }
}

extension Request {
    /// The position after which the client continues; `nil` without the header.
    /// - Throws: ``Failure`` `bad_request` if the header is not the id of an event or comes twice.
    fileprivate var lastEventID: EventPosition? {
        get throws(Failure) {
            let values = headers[values: .lastEventID]
            guard let value = values.first else { return nil }
            guard values.count == 1, let position = EventPosition(value) else {
                throw Failure(.badRequest, "Last-Event-ID must be the id of an event, once")
            }
            return position
        }
    }
}
