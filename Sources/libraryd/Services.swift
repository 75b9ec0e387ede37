import Foundation
import Glibc
import LibraryServer
import LibraryStore
import Logging
import ServiceLifecycle
import Shared
import UnixSignals

/// Logs when writes can no longer be stored, and when they can be again. Operators would otherwise learn of a full disk
/// from their users. Logs, too, when work in the background fails, and when the clock of the machine is wrong.
struct StoreWatch: Service {
    private static let pause = Duration.seconds(5)
    /// In bytes: four times the size to which SQLite cuts its log back.
    private static let longestLog: Int64 = 256 << 20
    /// In milliseconds.
    private static let largestDifference: Int64 = 1000

    let store: any Store
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var (obstacle, isLogLarge, isClockWrong): (Obstacle?, Bool, Bool) = (nil, false, false)
            var failing: [BackgroundWork: BackgroundWork.Failure] = [:]
            var losses = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.pause)
                obstacle = look(after: obstacle)
                failing = lookAtWork(store.failingWork, last: failing)
                isLogLarge = lookAtLog(store.sizeOfLog(beyond: Self.longestLog), wasLarge: isLogLarge)
                isClockWrong = lookAtClock(store.clockDifference, wasWrong: isClockWrong)
                losses = lookAtLosses(store.lossCount, known: losses)
            }
        }
    }

    /// Logs when work in the background has come to fail, and when it no longer does.
    /// - Parameters:
    ///   - work: what fails now.
    ///   - last: what failed at the last look.
    func lookAtWork(
        _ work: [BackgroundWork: BackgroundWork.Failure], last: [BackgroundWork: BackgroundWork.Failure]
    ) -> [BackgroundWork: BackgroundWork.Failure] {
        func fields(_ work: BackgroundWork, _ failure: BackgroundWork.Failure) -> Logger.Metadata {
            ["work": "\(work.kind.rawValue)", "account": "\(failure.account ?? "row \(work.user)")"]
        }
        for (work, failure) in work where last[work] == nil {
            var fields = fields(work, failure)
            fields["reason"] = "\(failure.reason)"
            logger.error("work in the background fails, and is tried again", metadata: fields)
        }
        for (done, failure) in last where work[done] == nil {
            logger.notice("work in the background no longer fails", metadata: fields(done, failure))
        }
        return work
    }

    /// Logs when the write-ahead log has become large, and when it no longer is.
    /// - Parameter size: in bytes, if it is.
    func lookAtLog(_ size: Int64?, wasLarge: Bool) -> Bool {
        if let size, !wasLarge {
            logger.warning("the write-ahead log is large", metadata: ["bytes": "\(size)"])
        } else if size == nil, wasLarge {
            logger.notice("the write-ahead log is small again")
        }
        return size != nil
    }

    /// Logs when the clock of this machine has come to differ from that of the database, and when it no longer does.
    /// - Parameter difference: as ``Store/clockDifference``.
    func lookAtClock(_ difference: Int64, wasWrong: Bool) -> Bool {
        let isWrong = difference.magnitude > Self.largestDifference
        if isWrong, !wasWrong {
            logger.warning(
                "the clock of this machine is not that of the database server, whose time counts",
                metadata: ["milliseconds": "\(-difference)"])
        } else if wasWrong, !isWrong {
            logger.notice("the clock of this machine is right again")
        }
        return isWrong
    }

    /// Logs when the database was found to lack what was acknowledged.
    /// - Parameter count: as ``Store/lossCount``.
    func lookAtLosses(_ count: Int, known: Int) -> Int {
        if count > known {
            logger.critical("the database lacks changes that were acknowledged: the server that took them is gone")
        }
        return count
    }

    /// Logs a change.
    /// - Parameter last: what kept writes from being stored at the last look; `nil` if nothing did.
    /// - Returns: what keeps them from being stored now.
    func look(after last: Obstacle?, at now: ContinuousClock.Instant = .now) -> Obstacle? {
        let obstacle = store.obstacle(at: now)
        switch (last, obstacle) {
        case (nil, let reason?):
            // A disk that responds again needs nobody; one that is full needs somebody who frees space.
            logger.log(
                level: reason.isPassing ? .warning : .error, "writes are not stored", metadata: ["reason": "\(reason)"])
        case (_?, nil): logger.notice("writes are stored again")
        default: break
        }
        return obstacle
    }
}

/// Deletes the changes of authors that are too many or too old, now and then.
struct HistoryPruning: Service {
    private static let pause = Duration.seconds(10)
    /// So many looks at the libraries that have changed come between two at all of them, whose changes get older.
    private static let rounds = 360

    let store: any Store
    let now: @Sendable () -> Timestamp
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var (isFailing, round) = (false, 0)
            while !Task.isCancelled {
                do {
                    let isRound = round.isMultiple(of: Self.rounds)
                    try await store.pruneHistory(onlyChanged: !isRound, at: now())
                    isFailing = false
                } catch {
                    if !isFailing, !Task.isCancelled {
                        logger.warning(
                            "old changes could not be deleted", metadata: ["reason": "\(StoreError.reason(of: error))"])
                    }
                    isFailing = true
                }
                round += 1
                try? await Task.sleep(for: Self.pause)
            }
        }
    }
}

/// Looks each minute for what other daemons of the same database have imported.
struct ImportWatch: Service {
    private static let pause = Duration.seconds(60)

    let app: App

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.pause)
                // If that fails, ``StoreWatch`` tells why.
                try? await app.learnImportedHashes()
            }
        }
    }
}

/// Reads the certificate and the level of the log again at each SIGHUP, which is ignored until then.
struct Hangups: Service {
    let tls: TLS?
    let settings: Settings
    let level: LogLevel
    let manager: ServiceManager?
    let logger: Logger
    /// Reads all settings again.
    let reread: @Sendable () throws -> Settings
    /// Called once a signal is noticed.
    let onTrapping: @Sendable () -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        onTrapping()
        for await _ in signals.cancelOnGracefulShutdown() {
            manager?.sendReloading()
            reloadCertificate()
            reloadSettings()
            manager?.send("READY=1")
        }
    }

    private func reloadCertificate() {
        guard let tls else { return }
        do {
            try tls.reload()
            logger.notice("the certificate was read again")
        } catch {
            logger.error("the certificate could not be read again", metadata: ["reason": "\(error)"])
        }
    }

    private func reloadSettings() {
        do {
            let next = try reread()
            if level.value != next.logLevel {
                // The lower of both levels is the one that shows the change.
                level.value = min(level.value, next.logLevel)
                logger.notice("the level of the log is changed", metadata: ["log_level": "\(next.logLevel)"])
                level.value = next.logLevel
            }
            let keys = settings.keysThatNeedARestart(next)
            guard !keys.isEmpty else { return }
            logger.warning(
                "changed settings need a restart", metadata: ["settings": "\(keys.joined(separator: ", "))"])
        } catch {
            logger.error("the settings could not be read again", metadata: ["reason": "\(CommandError(error).reason)"])
        }
    }
}

/// Ends the process if the stop takes too long, because something cannot be cancelled, such as a write to a disk that
/// does not respond. All acknowledged writes are on the disk.
struct StopLimit: Service {
    /// The time in which requests can finish; then they are cancelled.
    static let drain = Duration.seconds(10)
    /// Seconds from the signal to the end of the process.
    private static let longest = 14.0

    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        Thread.detachNewThread { [logger] in
            Thread.sleep(forTimeInterval: Self.longest)
            logger.critical("the stop took too long; what was under way is given up")
            _exit(ExitStatus.temporaryFailure.rawValue)
        }
    }
}
