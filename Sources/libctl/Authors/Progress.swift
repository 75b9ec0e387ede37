/// Shows the progress of an import or export: count, rate, and the time left if the size is known.
final class Progress {
    private let diagnostics: Diagnostics
    private let size: Int?
    private let noun: String
    private let start = ContinuousClock.now

    /// - Parameter size: of the input, in bytes, if it is known.
    init(_ diagnostics: Diagnostics, size: Int?, noun: String) {
        self.diagnostics = diagnostics
        self.size = size
        self.noun = noun
    }

    func show(_ count: Int, _ bytes: Int) {
        let seconds = max(start.duration(to: .now) / .seconds(1), 0.001)
        var text = "\(count) \(noun), \(Int(Double(count) / seconds)) a second"
        if let size, bytes > 0, size >= bytes {
            let left = Int(Double(size - bytes) * seconds / Double(bytes))
            let filled = bytes * 20 / max(size, 1)
            text =
                "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "] "
                + "\(bytes * 100 / max(size, 1)) %, " + text + ", \(left) s left"
        }
        diagnostics.progress(text)
    }

    func end() {
        diagnostics.endProgress()
    }
}
