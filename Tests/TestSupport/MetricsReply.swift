import Foundation

/// A reply of `GET /metrics`, read as strictly as the format is described
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
public struct MetricsReply: Sendable {
    /// The value of each series, by its name with its labels as they stand there: `x_total{a="b"}`.
    public private(set) var values: [String: Double] = [:]
    /// The kind of each family.
    public private(set) var kinds: [String: String] = [:]

    public init(_ text: String) throws {
        var family = ""
        var help: String?
        guard text.hasSuffix("\n") else { throw Missing(what: "a line break at the end") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let match = line.wholeMatch(of: /# HELP ([a-z_]+) [A-Z].*\./) {
                help = String(match.1)
            } else if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                family = String(match.1)
                guard help == family, kinds.updateValue(String(match.2), forKey: family) == nil else {
                    throw Missing(what: "one HELP and one TYPE before \(line)")
                }
            } else {
                try take(line, of: family)
            }
        }
        try checkHistograms()
    }

    private mutating func take(_ line: Substring, of family: String) throws {
        let sample = /([a-z_]+)(\{[a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*\})? ([-+.0-9e]+)/
        guard let match = line.wholeMatch(of: sample), let value = Double(match.3) else {
            throw Missing(what: "a sample in '\(line)'")
        }
        let isHistogram = kinds[family] == "histogram"
        let names = isHistogram ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
        guard names.contains(String(match.1)), kinds[family] != "counter" || family.hasSuffix("_total") else {
            throw Missing(what: "\(line) in the family \(family)")
        }
        guard values.updateValue(value, forKey: String(match.1) + (match.2 ?? "")) == nil else {
            throw Missing(what: "one value of \(line)")
        }
    }

    /// The buckets of a series ascend, and the last one holds all.
    private func checkHistograms() throws {
        let end = /,?le="([^"]*)"/
        var series: [String: [(end: Double, count: Double)]] = [:]
        for (name, value) in values {
            guard name.contains("_bucket"), let match = name.firstMatch(of: end), let bound = Double(match.1) else {
                continue
            }
            let count = name.replacing(end, with: "").replacing("{}", with: "").replacing("_bucket", with: "_count")
            series[count, default: []].append((bound, value))
        }
        for (name, buckets) in series {
            let counts = buckets.sorted { $0.end < $1.end }
            guard counts.last?.end == .infinity, counts.last?.count == values[name],
                zip(counts, counts.dropFirst()).allSatisfy({ $0.count <= $1.count })
            else { throw Missing(what: "ascending buckets of \(name): \(counts)") }
        }
        let all = kinds.filter { $0.value == "histogram" }.keys
        guard all.allSatisfy({ family in series.keys.contains { $0.hasPrefix(family) } }) else {
            throw Missing(what: "buckets of \(all)")
        }
    }

    /// The names of all series, without labels.
    public var names: Set<String> { Set(values.keys.map { String($0.prefix { $0 != "{" }) }) }

    public subscript(_ series: String) -> Double? { values[series] }

    /// The value of a series of one route.
    public subscript(_ name: String, _ method: String, _ route: String, status status: Int? = nil) -> Double? {
        values[
            #"\#(name){method="\#(method)",route="\#(route)"\#(status.map { #",status="\#($0)""# } ?? "")}"#]
    }

    /// The values of the labels `method` and `route` of all series.
    public var routes: Set<String> {
        Set(values.keys.compactMap { $0.firstMatch(of: /method="(.*?)",route="(.*?)"/).map { "\($0.1) \($0.2)" } })
    }
}
