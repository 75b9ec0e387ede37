import Foundation
import TestSupport

/// Checks the configuration files that the documents show, with the programs that read them.
enum ServerConfiguration {
    /// A block of systemd units. The programs that they start need not be installed.
    static func unitFault(_ text: String) async throws -> String? {
        for line in text.split(separator: "\n") where !(line.hasPrefix("[") && line.hasSuffix("]")) {
            if !line.hasPrefix("#"), !line.contains("=") { return "'\(line)' has no =" }
        }
        let folder = TemporaryFolder()
        func write(_ text: String, _ kind: String) throws -> String {
            let path = folder.path + "/sample.\(kind)"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            return path
        }
        let kind = text.contains("[Socket]") ? "socket" : text.contains("[Timer]") ? "timer" : "service"
        // A drop-in for a service has only what it changes.
        let text = kind == "service" && !text.contains("ExecStart=") ? text + "ExecStart=/bin/true\n" : text
        // A socket and a timer start the service of their name.
        if kind != "service" { _ = try write("[Service]\nExecStart=/bin/true\n", "service") }
        let command = try NSRegularExpression(pattern: "(?m)^(Exec[A-Za-z]+=[-+!@:]*)/\\S+")
        let range = NSRange(text.startIndex..., in: text)
        let runnable = command.stringByReplacingMatches(in: text, range: range, withTemplate: "$1/bin/true")
        let check = try await Program.run(
            "/usr/bin/systemd-analyze", ["verify", "--man=no", try write(runnable, kind)])
        // Unknown keys are only warnings.
        return check.code == 0 && !check.error.contains("sample.") ? nil : check.error
    }

    /// A block of Prometheus's configuration.
    static func prometheusFault(_ text: String) async throws -> String? {
        let folder = TemporaryFolder()
        let path = folder.path + "/prometheus.yml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let check = try await Program.run("/usr/bin/promtool", ["check", "config", path])
        return check.code == 0 ? nil : check.output + check.error
    }

    /// A block of nginx, as it stands in `http { }`. Certificates need not exist.
    static func nginxFault(_ text: String) async throws -> String? {
        if let fault = braceFault(text) { return fault }
        let proxy = try await Proxy(.nginx, block: text)
        defer { withExtendedLifetime(proxy) {} }
        let check = try await Program.run("/usr/sbin/nginx", ["-t", "-c", proxy.file])
        return check.code == 0 ? nil : check.error
    }

    /// A file of Caddy.
    static func caddyFault(_ text: String) async throws -> String? {
        let folder = TemporaryFolder()
        let path = folder.path + "/Caddyfile"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let check = try await Program.run(
            "/usr/bin/caddy", ["validate", "--adapter", "caddyfile", "--config", path],
            environment: ["HOME": folder.path])
        return check.code == 0 ? nil : check.error
    }

    /// Whether each brace has its partner.
    static func braceFault(_ text: String) -> String? {
        var depth = 0
        for character in text {
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            if depth < 0 { break }
        }
        return depth == 0 ? nil : "the braces do not match"
    }
}
