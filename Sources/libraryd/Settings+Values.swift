import LibraryPostgres
import LibraryStore
import Logging
import Shared

/// The value of a setting that is in effect.
struct SettingValue: Sendable, Equatable {
    let key: String
    /// `nil` for a setting that is off.
    let value: String?
    let origin: SettingOrigin
}

extension Settings {
    /// The value that is in effect, in the form of an option; `nil` for a setting that is off.
    func text(of key: String) -> String? {
        switch key {
        case "config": config
        case "listen": listen?.description
        case "socket": socket
        case "tls-certificate": tls?.certificate
        case "tls-key": tls?.key
        case "data": data
        case "database": database?.description
        case "behind-proxy": String(behindProxy)
        case "token-lifetime": tokenLifetime.description
        case "refresh-lifetime": refreshLifetime.description
        case "registration": isRegistrationOpen ? "open" : "closed"
        case "history-events": String(history.events)
        case "history-age": history.age?.description
        case "log-level": logLevel.rawValue
        case "log-format": logFormat.rawValue
        default: nil
        }
    }

    /// The keys, except `log-level`, whose values differ.
    func keysThatNeedARestart(_ next: Settings) -> [String] {
        zip(values, next.values).filter { $0.0.value != $0.1.value && $0.0.key != "log-level" }.map(\.0.key)
    }
}
