package import Shared

/// Where the lines of a file go.
package protocol BulkTarget {
    /// The owner's author who has the same key.
    mutating func existing(_ values: AuthorValues) throws -> Int64?
    /// - Returns: the id.
    /// - Throws: ``StoreError`` `authorExists`, having changed nothing.
    mutating func create(_ draft: AuthorDraft) throws -> Int64
    /// Gives an author what a line has.
    /// - Returns: whether that is anything new.
    mutating func update(_ id: Int64, _ entry: AuthorValues) throws -> Bool
}

/// The lines of a file, and what becomes of each.
package struct BulkWork<Target: BulkTarget> {
    package var target: Target
    private let options: BulkOptions

    package init(_ target: Target, options: BulkOptions) {
        self.target = target
        self.options = options
    }

    package mutating func store(_ line: AuthorLines.Line) throws -> BulkResult {
        let entry: AuthorValues
        switch line.entry {
        case .success(let value): entry = value
        case .failure(let fault): return BulkResult(line: line.number, fault)
        }
        // Looked for first where it is expected: a constraint that fails costs five times as much.
        if options.onConflict != .fail, let id = try target.existing(entry) {
            if options.onConflict == .skip { return BulkResult(line: line.number, .skipped, id: id) }
            return BulkResult(line: line.number, try target.update(id, entry) ? .updated : .unchanged, id: id)
        }
        do {
            let draft = try entry.draft(country: options.defaultCountry)
            return BulkResult(line: line.number, .created, id: try target.create(draft))
        } catch let error as StoreError where error.code == .authorExists {
            return BulkResult(
                line: line.number, failed: error.code, error.detail ?? error.code.rawValue, existingID: error.existingID
            )
        } catch let invalid as InvalidFields {
            return BulkResult(line: line.number, .invalid(invalid))
        }
    }
}
