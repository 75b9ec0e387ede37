import HTTPTypes
import Shared
import Synchronization

/// Bounds how fast anybody can guess passwords or register accounts.
///
/// From the sixth wrong password in a row for one account from one address each try has to wait, twice as long as the one
/// before; after 100 for one account from anywhere, only addresses from which somebody has logged in to it may go on. So a
/// stranger who guesses does not lock the owner out. Names that do not exist are counted like those that do. Kept in memory,
/// on a monotonic clock: a restart forgets, a clock that is set does not.
final class Throttle: Sendable {
    /// Wrong passwords in a row before the first delay.
    static let freeFailures = 5
    /// Wrong passwords in a row before the account is closed to strangers.
    static let accountStop = 100
    static let longestDelay: Int64 = 900
    static let registrationsPerMinute = 5
    /// Failures are forgotten after so many seconds without another: a day.
    private static let memory: Int64 = 86400
    private static let knownAddresses = 16
    /// Accounts and addresses that are kept in mind.
    private static let capacity = 10_000

    private struct Tries {
        var failures = 0
        /// Seconds of uptime.
        var last: Int64 = 0
        var next: Int64 = 0
    }

    private struct Pair: Hashable {
        let account: String
        let address: String
    }

    private struct State {
        var pairs: [Pair: Tries] = [:]
        var accounts: [String: Tries] = [:]
        /// The addresses of each account's last logins, the latest last.
        var known: [String: [String]] = [:]
        /// Registrations of the last minute of each address, as seconds of uptime.
        var registrations: [String: [Int64]] = [:]
    }

    private let state = Mutex(State())
    private let uptime: @Sendable () -> Int64

    /// - Parameter uptime: seconds since some moment, never set.
    init(uptime: @escaping @Sendable () -> Int64) {
        self.uptime = uptime
    }

    /// Passes if a password may be tried.
    /// - Parameter address: `nil` for the unix socket, which is exempt.
    /// - Throws: ``Failure`` `rate_limited`, before any password is looked at.
    func admit(_ account: String, from address: String?) throws(Failure) {
        guard let address else { return }
        let pair = Pair(account: account.lowercased(), address: address)
        let now = uptime()
        let wait: Int64 = state.withLock { state in
            let own = state.pairs[pair].map { $0.next - now } ?? 0
            guard let all = state.accounts[pair.account], all.failures >= Self.accountStop,
                state.known[pair.account]?.contains(address) != true
            else { return own }
            return max(own, all.last + Self.memory - now)
        }
        if wait > 0 { throw Self.refusal("login", Self.freeFailures, wait: wait) }
    }

    /// Counts a wrong password. Whoever tries again too early is not counted: it was not looked at.
    /// - Returns: header fields that tell how many tries are left before the next delay.
    func failed(_ account: String, from address: String?) -> HTTPFields {
        guard let address else { return [:] }
        let pair = Pair(account: account.lowercased(), address: address)
        let now = uptime()
        return state.withLock { state in
            Self.forget(&state, at: now)
            let failures = Self.count(&state.pairs[pair, default: Tries()], at: now)
            _ = Self.count(&state.accounts[pair.account, default: Tries()], at: now)
            guard failures > Self.freeFailures else {
                return Self.fields("login", Self.freeFailures, left: Self.freeFailures - failures, in: Self.memory)
            }
            let doublings = min(failures - Self.freeFailures - 1, 20)
            let delay = min(Self.longestDelay, 1 << Int64(doublings))
            state.pairs[pair]?.next = now + delay
            return Self.fields("login", Self.freeFailures, left: 0, in: delay)
        }
    }

    /// Forgets the failures of an account, and remembers where its owner is.
    func succeeded(_ account: String, from address: String?) {
        guard let address else { return }
        let pair = Pair(account: account.lowercased(), address: address)
        state.withLock { state in
            state.pairs.removeValue(forKey: pair)
            state.accounts.removeValue(forKey: pair.account)
            let others = (state.known[pair.account] ?? []).filter { $0 != address }
            state.known[pair.account] = others.suffix(Self.knownAddresses - 1) + [address]
        }
    }

    /// How many failures are kept in mind, of whichever there are more.
    var count: Int { state.withLock { max($0.pairs.count, $0.accounts.count) } }

    /// Counts a registration.
    /// - Returns: header fields that tell how many are left.
    /// - Throws: ``Failure`` `rate_limited`.
    func admitRegistration(from address: String?) throws(Failure) -> HTTPFields {
        guard let address else { return [:] }
        let now = uptime()
        let (wait, left): (Int64, Int) = state.withLock { state in
            if state.registrations.count >= Self.capacity {
                state.registrations = state.registrations.filter { $0.value.last ?? 0 > now - 60 }
            }
            let recent = (state.registrations[address] ?? []).filter { $0 > now - 60 }
            guard recent.count < Self.registrationsPerMinute, state.registrations.count < 10 * Self.capacity else {
                return ((recent.first ?? now) + 60 - now, 0)
            }
            state.registrations[address] = recent + [now]
            return (0, Self.registrationsPerMinute - recent.count - 1)
        }
        if wait > 0 { throw Self.refusal("register", Self.registrationsPerMinute, wait: wait) }
        return Self.fields("register", Self.registrationsPerMinute, left: left, in: 60)
    }

    /// Returns the failures in a row, with this one.
    private static func count(_ tries: inout Tries, at now: Int64) -> Int {
        if now - tries.last >= memory { tries.failures = 0 }
        tries.failures += 1
        tries.last = now
        return tries.failures
    }

    /// Makes room: first for what is long ago, then for who has failed least.
    private static func forget(_ state: inout State, at now: Int64) {
        guard state.pairs.count >= capacity || state.accounts.count >= capacity else { return }
        state.pairs = state.pairs.filter { now - $0.value.last < memory }
        state.accounts = state.accounts.filter { now - $0.value.last < memory }
        for bound in [1, freeFailures, Int.max] where max(state.pairs.count, state.accounts.count) >= capacity {
            state.pairs = state.pairs.filter { $0.value.failures > bound }
            state.accounts = state.accounts.filter { $0.value.failures > bound }
        }
    }

    private static func refusal(_ policy: String, _ quota: Int, wait: Int64) -> Failure {
        var headers = fields(policy, quota, left: 0, in: wait)
        headers[.retryAfter] = String(wait)
        return Failure(.rateLimited, "Too many attempts; try again in \(wait) s.", headers: headers)
    }

    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    private static func fields(_ policy: String, _ quota: Int, left: Int, in seconds: Int64) -> HTTPFields {
        [.rateLimitPolicy: "\"\(policy)\";q=\(quota)", .rateLimit: "\"\(policy)\";r=\(left);t=\(seconds)"]
    }
}

extension HTTPField.Name {
    static let rateLimit = HTTPField.Name("RateLimit") ?? .retryAfter
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy") ?? .retryAfter
}
