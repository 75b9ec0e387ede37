import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import ServiceLifecycle
import Shared

/// Tells callers of each change of their libraries, as server-sent events (WHATWG HTML, section 9.2).
struct EventRoutes: Sendable {
    static let mediaType = "text/event-stream"

    let store: Store
    let authenticator: Authenticator

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.authorEvents) { request, context in
            let asked = try request.lastEventID
            let watcher = try store.revisions.watch(context.principal.userID)
            let last = try store.lastEvent(owner: context.principal.userID)
            let (authenticator, headers) = (authenticator, request.headers)
            // As on a request of its own: a token that has expired listens no longer.
            let stream = EventStream(store: store, context: context, watcher: watcher, asked: asked, last: last) {
                (try? await authenticator.principal(headers)) != nil
            }
            return Response(
                status: .ok, headers: [.contentType: Self.mediaType],
                body: ResponseBody { try await stream.write(to: &$0) })
        }
    }
}

/// The events of one caller from one moment on.
private struct EventStream: Sendable {
    /// Each brings at least a comment.
    private static let keepAlive = TimeAmount.seconds(15)
    /// Who has not taken in what so many brought is taken to be gone at the next.
    private static let patience = 3
    /// How long a client that reads nothing may hold up the daemon's end.
    private static let farewell = TimeAmount.seconds(1)
    /// Milliseconds after which a client comes back.
    private static let opening = Array("retry: 1000\n".utf8)
    private static let comment = Array(": \n\n".utf8)

    private let store: Store
    private let context: CallerContext
    private let watcher: Watcher
    private let start: EventPosition
    private let greeting: [UInt8]
    private let isAllowed: @Sendable () async -> Bool

    init(
        store: Store, context: CallerContext, watcher: Watcher, asked: EventPosition?, last: EventPosition,
        isAllowed: @escaping @Sendable () async -> Bool
    ) {
        self.isAllowed = isAllowed
        self.store = store
        self.context = context
        self.watcher = watcher
        switch asked {
        case nil:
            // An id without data is the client's last event id without being an event.
            start = last
            greeting = Self.opening + Array("id: \(last)\n\n".utf8)
        case let asked? where asked.epoch == last.epoch && asked.sequence <= last.sequence:
            start = asked
            greeting = Self.opening + [UInt8(ascii: "\n")]
        default:
            start = last
            greeting = Self.opening + last.reset
        }
    }

    func write(to writer: inout any ResponseBodyWriter) async throws {
        defer { watcher.leave() }
        let (watcher, channel) = (watcher, context.channel)
        let ticks = channel.eventLoop.scheduleRepeatedTask(initialDelay: Self.keepAlive, delay: Self.keepAlive) { _ in
            if watcher.tick() > Self.patience { channel.close(promise: nil) }
        }
        defer { ticks.cancel() }
        channel.closeFuture.whenComplete { [weak watcher] _ in watcher?.end() }
        try await withGracefulShutdownHandler {
            try await tell(&writer)
        } onGracefulShutdown: {
            watcher.end()
            channel.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        }
        try await writer.finish(nil)
    }

    /// Writes all that has happened, and again at each wake, until the token, the session or the connection ends. A wake that brings
    /// nothing is answered with a comment.
    private func tell(_ writer: inout any ResponseBodyWriter) async throws {
        var wakes = watcher.wakes.makeAsyncIterator()
        var position = start
        var bytes = greeting
        repeat {
            var page: EventPage
            repeat {
                let events: [UInt8]
                (events, page) = try await store.events(after: position, owner: context.principal.userID) {
                    try $0.stream()
                }
                guard await isAllowed() else { return }
                position = page.position
                bytes += events
                try await writer.write(ByteBuffer(bytes: bytes.isEmpty ? Self.comment : bytes))
                bytes = []
            } while page.isFull
            watcher.told()
        } while await wakes.next() != nil
    }
}

extension Request {
    /// The event after which the client goes on.
    /// - Throws: ``Failure`` `bad_request` if it is none that this daemon, or another, ever told.
    fileprivate var lastEventID: EventPosition? {
        get throws(Failure) {
            let values = headers[values: .lastEventID]
            guard let value = values.first else { return nil }
            guard values.count == 1, let position = EventPosition(value) else {
                throw Failure(.badRequest, "Last-Event-ID is not the id of an event.")
            }
            return position
        }
    }
}
