import Foundation
import GRDB

/// A database whose pages lead to the same rows again and again
/// (https://www.sqlite.org/fileformat2.html#b_tree_pages).
public enum ForgedDatabase {
    /// Replaces the root page of a table by an interior page with two children. The first is a leaf with all rows.
    /// The second is the top of `levels` interior pages, each of which names the next page `fan` times, down to a
    /// leaf with the last row: a scan reads that row `fan` to the power of `levels` times.
    /// - Parameters:
    ///   - path: of a database without a write-ahead log. The table fits in one page.
    ///   - table: may be `sqlite_schema`.
    public static func fold(_ path: String, table: String, levels: Int, fan: Int) throws {
        let queue = try DatabaseQueue(path: path)
        let (root, pageSize) = try queue.read { db in
            (
                try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?", arguments: [table]) ?? 1,
                try require(try Int.fetchOne(db, sql: "PRAGMA page_size"))
            )
        }
        try queue.close()
        var file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let original = Array(file[(root - 1) * pageSize..<root * pageSize])
        let header = root == 1 ? 100 : 0
        guard original[header] == 13 else { throw Missing(what: "a leaf as root") }
        let cells = number(original, at: header + 3)

        func add(_ page: [UInt8]) -> Int {
            file += page
            return file.count / pageSize
        }
        func leaf(from first: Int) -> [UInt8] {
            var page = original
            page.replaceSubrange(0..<8, with: original[header..<header + 8])
            page.replaceSubrange(3..<5, with: bytes(cells - first))
            let pointers = original[header + 8 + 2 * first..<header + 8 + 2 * cells]
            page.replaceSubrange(8..<8 + pointers.count, with: pointers)
            return page
        }
        func interior(above children: [Int], headerAt start: Int = 0, in page: [UInt8]? = nil) -> [UInt8] {
            var page = page ?? [UInt8](repeating: 0, count: pageSize)
            let left = children.dropLast()
            var content = pageSize
            for (index, child) in left.enumerated() {
                // A cell: the page number of the child, and a row id, which a scan does not read.
                content -= 5
                page.replaceSubrange(content..<content + 5, with: bytes(child, 4) + [1])
                page.replaceSubrange(start + 12 + 2 * index..<start + 14 + 2 * index, with: bytes(content))
            }
            let head: [UInt8] = [5, 0, 0] + bytes(left.count) + bytes(content) + [0] + bytes(children.last ?? 0, 4)
            page.replaceSubrange(start..<start + 12, with: head)
            return page
        }

        let all = add(leaf(from: 0))
        var child = add(leaf(from: cells - 1))
        for _ in 0..<levels { child = add(interior(above: Array(repeating: child, count: fan))) }
        let top = interior(above: [all, child], headerAt: header, in: original)
        file.replaceSubrange((root - 1) * pageSize..<root * pageSize, with: top)
        file.replaceSubrange(28..<32, with: bytes(file.count / pageSize, 4))
        try Data(file).write(to: URL(fileURLWithPath: path))
    }

    private static func bytes(_ number: Int, _ count: Int = 2) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    private static func number(_ page: [UInt8], at offset: Int) -> Int {
        Int(page[offset]) << 8 | Int(page[offset + 1])
    }
}
