package import Shared

/// What became of the lines of a file.
package struct BulkReport: Sendable {
    /// A line of NDJSON for each; of no use once an atomic file has a fault.
    package let results: SpooledFile
    package private(set) var lines = 0
    package private(set) var failed = 0
    /// Authors that were created or changed, or would be.
    package private(set) var changes = 0
    /// The first of those that failed, of an atomic file.
    package private(set) var faults: [BulkResult] = []
    /// Whether those that failed are there already, all of them.
    package private(set) var isConflict = true
    private let isAtomic: Bool

    /// Limit of the faults that are reported of a refused file, which may have millions.
    package static let toldFaults = 100
    private let longest: Int

    /// - Parameter longest: limit of the results in bytes. Twice the largest upload, since a result can be longer than
    ///   its line; the results of an atomic import are stored for 24 hours.
    package init(_ results: SpooledFile, isAtomic: Bool, longest: Int = 128 << 20) {
        self.results = results
        self.isAtomic = isAtomic
        self.longest = longest
    }

    /// Whether nothing that follows can matter any more.
    package var isRefused: Bool { isAtomic && failed == Self.toldFaults }

    /// - Throws: ``StoreError`` `tooManyResults`, `SpooledFile.Failure`.
    package mutating func add(_ result: BulkResult) throws {
        lines += 1
        if result.isChange { changes += 1 }
        if let code = result.code {
            failed += 1
            isConflict = isConflict && code == ErrorCode.authorExists.rawValue
            if isAtomic, faults.count < Self.toldFaults { faults.append(result) }
        }
        if isAtomic, failed > 0 { return }
        try results.append(BulkResult.ndjson([result]))
        guard results.count <= longest else {
            throw StoreError.tooManyResults
        }
    }
}

extension AuthorLines.Line {
    /// What becomes of a line that cannot be read, always.
    package var fault: BulkResult? {
        if case .failure(let fault) = entry { BulkResult(line: number, fault) } else { nil }
    }
}
