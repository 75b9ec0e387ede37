import Foundation
import Shared
import TestSupport
import Testing

@Suite struct SpoolTests {
    private let folder = TemporaryFolder()

    private func all(_ spool: SpooledFile, pieces: Int = SpooledFile.largestPiece) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while case let piece = try spool.bytes(from: bytes.count, atMost: pieces), !piece.isEmpty {
            #expect(piece.count <= pieces)
            bytes += piece
        }
        return bytes
    }

    /// Whatever the sizes of the pieces, and on either side of the boundary between memory and file.
    @Test(
        arguments: [
            ([], 1), ([5], 2), ([SpooledFile.largestPiece], 1000), ([SpooledFile.largestPiece, 1], 4096),
            ([SpooledFile.largestPiece + 1, 7], 1 << 20), (Array(repeating: 3001, count: 1000), 77_777),
            ([1, 2 << 20, 3, 300_000, 0, 9], SpooledFile.largestPiece),
        ] as [([Int], Int)])
    func whatGoesInComesOut(sizes: [Int], pieces: Int) throws {
        let spool = SpooledFile(folder: folder.path)
        for _ in 0..<2 {
            var expected: [UInt8] = []
            for size in sizes {
                let piece = (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 8 ^ expected.count) }
                expected += piece
                try spool.append(piece)
                #expect(spool.count == expected.count)
            }
            #expect(try all(spool, pieces: pieces) == expected)
            var gathered: [UInt8] = []
            try spool.forEachPiece { gathered += $0 }
            #expect(gathered == expected)
            #expect(try spool.bytes(from: expected.count) == [])
            // The second round fills the file again from its beginning.
            try spool.removeAll()
            #expect(spool.count == 0)
            #expect(try all(spool) == [])
        }
        // The file has no name.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func aFolderThatIsNotThereIsTold() throws {
        try FileManager.default.removeItem(atPath: folder.path)
        let spool = SpooledFile(folder: folder.path)
        try spool.append([UInt8](repeating: 1, count: SpooledFile.largestPiece))
        let failure = #expect(throws: SpooledFile.Failure.self) { try spool.append([1]) }
        #expect(failure?.code == ENOENT)
        #expect(failure?.isFull == false)
        #expect(failure?.description == "a temporary file in \(folder.path): No such file or directory")
    }

    /// Lines are read whole, wherever the pieces of the file end.
    @Test(arguments: AuthorLines.Format.allCases)
    func authorsAreReadOneByOne(format: AuthorLines.Format) throws {
        let spool = SpooledFile(folder: folder.path)
        if format == .csv { try spool.append(Array("name,book,country\n".utf8)) }
        for number in 0..<20_000 {
            let line = format == .csv ? "N\(number),B,C" : #"{"name":"N\#(number)","book":"B","country":"C"}"#
            try spool.append(Array((line + "\n").utf8))
        }
        #expect(spool.count > SpooledFile.largestPiece || format == .csv)
        var authors = SpooledAuthors(spool, format, unknownMembers: .rejected)
        var number = 0
        while let line = try authors.next() {
            #expect(try line.entry.get().name == "N\(number)")
            #expect(line.number == number + (format == .csv ? 2 : 1))
            number += 1
        }
        #expect(number == 20_000)
    }
}
