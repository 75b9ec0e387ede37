/// Waits until the condition holds, with a pause between two looks.
/// - Parameter what: what is waited for.
/// - Throws: ``Missing`` after a minute.
public func wait(
    until what: @autoclosure () -> String, pause: Duration = .milliseconds(10), _ isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try await !isSo() {
        guard .now < end else { throw Missing(what: what()) }
        try await Task.sleep(for: pause)
    }
}

extension Daemon {
    /// Waits until the log has the text.
    public func wait(forLog text: String) async throws {
        try await TestSupport.wait(until: "'\(text)' in the log: \(log)") { log.contains(text) }
    }
}
