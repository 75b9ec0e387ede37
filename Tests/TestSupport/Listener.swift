import Foundation

/// A socket that listens. Its descriptor is closed once nobody has the listener any more: if it were closed while a
/// thread still accepts, its number could become that of another listener, whose clients the thread would take.
final class Listener: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Waits for the next connection; returns `nil` once the listener has been shut down.
    func accept() -> Int32? {
        while true {
            let connection = Foundation.accept(descriptor, nil, nil)
            if connection >= 0 { return connection }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Makes `accept` return, which `close` does not.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
