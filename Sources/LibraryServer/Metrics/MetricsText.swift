import LibraryStore

/// Writes metrics as text (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct MetricsText {
    enum Kind: String { case counter, gauge, histogram }

    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""
    private var name = ""

    /// - Parameters:
    ///   - help: without line breaks and backslashes.
    ///   - samples: writes the values with ``sample(_:_:suffix:)``.
    mutating func family(_ name: String, _ kind: Kind, _ help: String, _ samples: (inout MetricsText) -> Void) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        samples(&self)
    }

    /// One value of the family that is being written.
    mutating func sample(
        _ labels: [(name: String, value: String)] = [], _ value: some CustomStringConvertible, suffix: String = ""
    ) {
        let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        text += "\(name)\(suffix)\(pairs.isEmpty ? "" : "{\(pairs)}") \(value)\n"
    }

    /// Writes nothing if the value is not known.
    mutating func gauge(_ name: String, _ help: String, _ value: (some CustomStringConvertible)?) {
        guard let value else { return }
        family(name, .gauge, help) { $0.sample([], value) }
    }

    mutating func counter(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        family(name, .counter, help) { $0.sample([], value) }
    }

    /// - Parameter unit: how many of the histograms' values are one of what the name says.
    mutating func histograms(
        _ name: String, _ help: String, _ series: [(labels: [(String, String)], histogram: Histogram)], unit: Double
    ) {
        family(name, .histogram, help) { text in
            for (labels, histogram) in series {
                let counts = histogram.counts
                let ends = histogram.bounds.map { "\(Double($0) / unit)" } + ["+Inf"]
                for (end, count) in zip(ends, counts.cumulative) {
                    text.sample(labels + [("le", end)], count, suffix: "_bucket")
                }
                text.sample(labels, Double(counts.sum) / unit, suffix: "_sum")
                text.sample(labels, counts.cumulative.last ?? 0, suffix: "_count")
            }
        }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#).replacing("\n", with: #"\n"#)
    }
}
