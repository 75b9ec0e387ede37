import Foundation
import Synchronization
import TestSupport
import Testing

/// What clients have sent, and what they were told.
struct Ledger: Sendable {
    /// Names of authors.
    var sent: Set<String> = []
    var acknowledged: Set<String> = []
    /// The countries that an author may have by now; the first is the one that was acknowledged.
    var countries: [String: [String]] = [:]
    var deletionsSent: Set<String> = []
    var deletionsAcknowledged: Set<String> = []
    /// When requests that were acknowledged were sent, and when they were acknowledged.
    var times: [(sent: ContinuousClock.Instant, acknowledged: ContinuousClock.Instant)] = []
    /// Answers by status; 0 for none.
    var statuses: [Int: Int] = [:]

    /// The longest time in which nothing was acknowledged.
    var pause: Duration {
        let times = times.map(\.acknowledged).sorted()
        return zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    }
}

/// Clients that add, change and delete authors at several daemons, and send again what was not answered.
final class FailoverClients: Sendable {
    let ledger = Mutex(Ledger())
    private let ports: [UInt16]
    /// Of the accounts, whom the clients belong to in turn.
    private let tokens: [String]
    /// Whether the servers may lose what was acknowledged.
    private let mayLose: Bool
    private let isStopped = Mutex(false)
    /// Whether what has no outcome is given up.
    private let isGivenUp = Mutex(false)

    init(_ daemons: [Daemon], tokens: [String], mayLose: Bool) {
        self.mayLose = mayLose
        ports = daemons.map(\.port)
        self.tokens = tokens
    }

    var acknowledgedCount: Int { ledger.withLock { $0.times.count } }

    /// Lets the clients finish what they have begun, within half a minute.
    func stop() { isStopped.withLock { $0 = true } }

    func giveUp() { isGivenUp.withLock { $0 = true } }

    /// Runs until ``stop()``.
    func run(_ count: Int = 16) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask { [self] in
                    var round = 0
                    while !isStopped.withLock({ $0 }) {
                        let token = tokens[number % tokens.count]
                        if number < 2 {
                            await sendFile("F\(number)-\(round)", token)
                        } else {
                            await work("W\(number)-\(round)", round, token)
                        }
                        round += 1
                    }
                }
            }
        }
    }

    /// Adds an author, and then changes or deletes it, now and then.
    private func work(_ name: String, _ round: Int, _ token: String) async {
        ledger.withLock {
            _ = $0.sent.insert(name)
            $0.countries[name] = ["C"]
        }
        let draft = #"{"name":"\#(name)","book":"B","country":"C","booker_prize":false}"#
        guard
            case (201, let body)? = await ask(
                token, "POST", "/authors", draft, key: name, acknowledged: { _ = $0.acknowledged.insert(name) })
        else { return }
        guard let id = body.firstMatch(of: /"id":(\d+)/)?.1 else {
            Issue.record("an author without an id")
            return
        }
        // A primary that another one has replaced would not know it.
        let read = await exchange(ports.randomElement() ?? 0, token, "GET", "/authors/\(id)")
        if let read, read.status != 503, !mayLose {
            #expect(read.status == 200 && read.body.contains(name), "\(read)")
        }
        if round % 3 == 0 {
            // The answer to a change that was sent again may be that nothing changes.
            for number in 1...2 {
                let country = "C\(number)"
                ledger.withLock { $0.countries[name]?.append(country) }
                let change = await ask(
                    token, "PATCH", "/authors/\(id)", #"{"country":"\#(country)"}"#,
                    acknowledged: { $0.countries[name] = [country] })
                if change == nil { return }
            }
        }
        if round % 5 == 0 {
            ledger.withLock { _ = $0.deletionsSent.insert(name) }
            _ = await ask(
                token, "DELETE", "/authors/\(id)", acknowledged: { _ = $0.deletionsAcknowledged.insert(name) })
        }
    }

    private func sendFile(_ name: String, _ token: String) async {
        let names = (0..<50).map { "\(name)-\($0)" }
        ledger.withLock {
            $0.sent.formUnion(names)
            for name in names { $0.countries[name] = ["C"] }
        }
        let lines = names.map { #"{"name":"\#($0)","book":"B","country":"C","booker_prize":false}"# }
        _ = await ask(
            token, "POST", "/authors?atomic=true", lines.joined(separator: "\n"), type: "application/x-ndjson",
            key: name,
            acknowledged: { $0.acknowledged.formUnion(names) })
    }

    /// Sends a request until it has an answer that tells the outcome. One with a key may be sent again whatever the
    /// answer was; another one only if it says that nothing was done.
    /// - Returns: status and body of a success; `nil` if the outcome is not known.
    private func ask(
        _ token: String, _ method: String, _ path: String, _ body: String = "", type: String = "application/json",
        key: String? = nil,
        acknowledged: @escaping @Sendable (inout Ledger) -> Void
    ) async -> (Int, String)? {
        var attempt = Int.random(in: 0..<ports.count)
        while !isGivenUp.withLock({ $0 }) {
            let start = ContinuousClock.now
            let reply = await exchange(ports[attempt % ports.count], token, method, path, body, type, key)
            attempt += 1
            ledger.withLock { $0.statuses[reply?.status ?? 0, default: 0] += 1 }
            switch reply?.status {
            case 200?, 201?, 204?, 207?:
                ledger.withLock {
                    acknowledged(&$0)
                    $0.times.append((start, .now))
                }
                return reply
            // Nothing was done.
            case 503?: break
            // A lost answer.
            case 504?, nil: if key == nil { return nil }
            case 404? where mayLose: return nil
            default:
                Issue.record("\(method) \(path): \(reply?.status ?? 0) \(reply?.body ?? "")")
                return nil
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    private func exchange(
        _ port: UInt16, _ token: String, _ method: String, _ path: String, _ body: String = "", _ type: String = "",
        _ key: String? = nil
    ) async -> (status: Int, body: String)? {
        guard let client = try? RawClient(port: port) else { return nil }
        var head =
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n"
        if let key { head += "Idempotency-Key: \(key)\r\n" }
        if !body.isEmpty { head += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n" }
        client.send(head + "\r\n" + body)
        let reply = await client.receiveAll()
        guard let status = reply.firstMatch(of: /^HTTP\/1\.1 (\d+)/)?.1, let end = reply.range(of: "\r\n\r\n") else {
            return nil
        }
        return (Int(status) ?? 0, String(reply[end.upperBound...]))
    }
}

/// A client that listens to events, and goes on after the last one when the stream ends.
final class FailoverListener: Sendable {
    /// The ids of the events, `EPOCH-NUMBER`.
    let ids = Mutex<[String]>([])
    /// Whether the stream has begun, and how often it began anew because what had been told is gone.
    let isListening = Mutex(false)
    let resets = Mutex(0)
    private let isStopped = Mutex(false)

    func stop() { isStopped.withLock { $0 = true } }

    func run(_ daemon: Daemon, token: String) async {
        var last: String?
        while !isStopped.withLock({ $0 }) {
            try? await Task.sleep(for: .milliseconds(50))
            guard let client = try? RawClient(port: daemon.port) else { continue }
            client.send(
                "GET /authors/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                    + (last.map { "Last-Event-ID: \($0)\r\n" } ?? "") + "\r\n")
            var (text, kind) = ("", "")
            while !isStopped.withLock({ $0 }), case let bytes = await client.receive(), !bytes.isEmpty {
                text += String(decoding: bytes, as: UTF8.self)
                while let end = text.firstIndex(where: \.isNewline) {
                    let line = String(text[..<end])
                    text = String(text[text.index(after: end)...])
                    if line.hasPrefix("id: ") {
                        last = String(line.dropFirst(4))
                        isListening.withLock { $0 = true }
                    }
                    if line.hasPrefix("event: ") { kind = String(line.dropFirst(7)) }
                    guard line.hasPrefix("data: "), let last else { continue }
                    if kind == "reset" { resets.withLock { $0 += 1 } } else { ids.withLock { $0.append(last) } }
                }
            }
        }
    }
}
