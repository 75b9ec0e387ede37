/// Tries to guess a password. A try counts as failed until it has succeeded, so that parallel tries are limited too.
package struct LoginTries: Sendable, Equatable {
    /// Wrong passwords in a row that cause no delay.
    package static let freeFailures: Int64 = 5
    /// Wrong passwords in a row after which only known addresses may try.
    package static let accountStop: Int64 = 100
    /// In seconds.
    package static let longestDelay: Int64 = 900
    /// Seconds after which failures are forgotten if no other follows: a day.
    package static let memory: Int64 = 86400

    /// Tries that are counted together.
    package struct Count: Sendable, Equatable {
        package var failures: Int64 = 0
        /// When the last try began, in seconds of some clock.
        package var last: Int64 = 0
        /// When the next try is admitted.
        package var next: Int64 = 0

        package init(failures: Int64 = 0, last: Int64 = 0, next: Int64 = 0) {
            (self.failures, self.last, self.next) = (failures, last, next)
        }

        fileprivate mutating func count(at now: Int64) {
            if now - last >= memory { failures = 0 }
            failures = min(failures, .max - 1) + 1
            last = now
        }
    }

    /// Those for an account from one address.
    package var pair: Count
    /// Those for an account from all addresses.
    package var account: Count
    /// Whether the account has logged in from the address.
    package let isKnown: Bool

    package init(pair: Count?, account: Count?, isKnown: Bool) {
        (self.pair, self.account, self.isKnown) = (pair ?? Count(), account ?? Count(), isKnown)
    }

    /// Counts a try as failed.
    /// - Parameter isOwner: whether the request had a valid token of the account.
    /// - Returns: 0; or the seconds until a try is admitted, if this one is not, which is not counted.
    package mutating func admit(isOwner: Bool, at now: Int64) -> Int64 {
        var wait = pair.failures > 0 ? pair.next - now : 0
        if !isOwner, !isKnown, account.failures >= Self.accountStop {
            wait = max(wait, account.last + Self.memory - now)
        }
        guard wait <= 0 else { return wait }
        account.count(at: now)
        pair.count(at: now)
        let doublings = pair.failures - Self.freeFailures - 1
        if doublings >= 0 { pair.next = now + min(Self.longestDelay, 1 << min(doublings, 20)) }
        return 0
    }

    /// Takes back the count of a try whose password was not verified.
    package mutating func abandon() {
        account.failures = max(0, account.failures - 1)
        pair.failures = max(0, pair.failures - 1)
        if pair.failures <= Self.freeFailures { pair.next = 0 }
    }

    package mutating func succeed() { (pair, account) = (Count(), Count()) }

    /// How many tries are left before the next delay, and in how many seconds there are more.
    package func left(at now: Int64) -> (tries: Int64, seconds: Int64) {
        (max(0, Self.freeFailures - pair.failures), pair.next > now ? pair.next - now : Self.memory)
    }
}
