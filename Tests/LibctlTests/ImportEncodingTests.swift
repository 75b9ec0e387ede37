import CZlib
import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Encodings, compressed files, and files that are no text.
@Suite(.serialized) struct ImportEncodingTests {
    private static let text = "name,book,country\nAnn,B\u{FC}ch\u{2013}er \u{201C}x\u{201D},\u{D8}\n"

    @Test(
        arguments: [
            (String.Encoding.utf8, "", ""), (.utf8, "\u{FEFF}", "--encoding utf-8"),
            (.utf16LittleEndian, "\u{FEFF}", ""),
            (.utf16BigEndian, "\u{FEFF}", ""), (.utf16LittleEndian, "", ""), (.utf16BigEndian, "", ""),
            (.utf32LittleEndian, "\u{FEFF}", ""), (.utf32BigEndian, "\u{FEFF}", ""),
            (.utf16LittleEndian, "", "--encoding utf-16"), (.utf16BigEndian, "", "--encoding UTF-16BE"),
            (.utf16BigEndian, "\u{FEFF}", "--encoding utf-16"),
            (.windowsCP1252, "", "--encoding windows-1252"), (.windowsCP1252, "", "--encoding Latin1"),
        ])
    func everyEncodingIsRead(encoding: String.Encoding, mark: String, options: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let input = Array(try #require((mark + Self.text).data(using: encoding)))
        for (number, bytes) in [input, try Self.gzip(input)].enumerated() {
            let arguments =
                ["authors", "import", "-", "--on-conflict", "skip"] + options.split(separator: " ").map(String.init)
            let result = try await ctl.run(arguments, input: bytes)
            #expect(result.error == (number == 0 ? "created 1, 0 failed\n" : "skipped 1, 0 failed\n"))
        }
        #expect(
            try await ctl.line("authors list --fields book,country").output
                == "B\u{FC}ch\u{2013}er \u{201C}x\u{201D}\t\u{D8}\n")
    }

    /// A byte that the encoding does not have is a fault of its line.
    @Test func aByteWithoutACharacterIsAFault() async throws {
        let ctl = try await Ctl.loggedIn()
        let input = Array("name,book,country\nA,".utf8) + [0x81] + Array(",C\nA,B,C\n".utf8)
        let result = try await ctl.run(["authors", "import", "-", "--encoding", "windows-1252"], input: input)
        #expect(result.error.contains("line 2: book is not valid UTF-8\ncreated 1, 1 failed\n"), "\(result.error)")
    }

    @Test func aTextIsDecodedHoweverItIsCut() throws {
        let text = "aé漢📚\n"
        for name in ["utf-16le", "utf-16be", "utf-32le", "gb18030", "utf-8"] {
            let converter = try #require(Iconv(name), "\(name)")
            _ = converter
            var decoder = TextDecoder(try TextEncoding(name: name))
            let encoding: String.Encoding =
                switch name {
                case "utf-16le": .utf16LittleEndian
                case "utf-16be": .utf16BigEndian
                case "utf-32le": .utf32LittleEndian
                case "gb18030": .init(rawValue: CFStringEncodings.gb18030)
                default: .utf8
                }
            guard let bytes = text.data(using: encoding) else { continue }
            let decoded = bytes.flatMap { decoder.utf8([$0]) } + decoder.end()
            #expect(String(decoding: decoded, as: UTF8.self) == text)
        }
    }

    private enum CFStringEncodings { static let gb18030: UInt = 0x8000_0632 }

    @Test func severalMembersAreOneFile() async throws {
        let ctl = try await Ctl.loggedIn()
        let parts = ["name,book,country\nA,B,", "C\nD,E,F\n", ""]
        var input: [UInt8] = []
        for part in parts { input += try Self.gzip(Array(part.utf8)) }
        input += [0, 0, 0]
        #expect(try await ctl.run(["authors", "import", "-"], input: input).error == "created 2, 0 failed\n")
        var gunzip = try Gunzip()
        var text: [UInt8] = []
        for byte in input {
            gunzip.append([byte])
            while let piece = try gunzip.next() { text += piece }
        }
        try gunzip.end()
        #expect(String(decoding: text, as: UTF8.self) == parts.joined())
        gunzip = try Gunzip()
        gunzip.append(Array(input.prefix(20)))
        while try gunzip.next() != nil {}
        #expect(throws: CommandError.self) { try gunzip.end() }
    }

    @Test func damagedGzipIsTold() async throws {
        let ctl = try await Ctl.loggedIn()
        let whole = try Self.gzip(Array(Self.text.utf8))
        let cut = try await ctl.run(["authors", "import", "-"], input: Array(whole.dropLast(9)))
        #expect(cut.code == 65)
        #expect(cut.error.contains("the gzip data ends too early: the file may have been cut off"), "\(cut.error)")
        var bad = whole
        bad[bad.count - 6] ^= 1
        let wrong = try await ctl.run(["authors", "import", "-"], input: bad)
        #expect(wrong.code == 65)
        #expect(wrong.error.contains("the gzip data is damaged: incorrect data check"), "\(wrong.error)")
    }

    /// A small file that is a very long line, or very many blank ones, is refused after 64 MiB.
    @Test(arguments: ["x", String(repeating: "\u{1A}", count: 1023) + "\n"])
    func aBombIsRefused(filler: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let mebibyte = Array(String(repeating: filler, count: (1 << 20) / filler.utf8.count).utf8)
        let member = try Self.gzip(mebibyte)
        var input = try Self.gzip(Array("name,book,country\nA,".utf8))
        for _ in 0..<80 { input += member }
        let result = try await ctl.run(["authors", "import", "-"], input: input)
        #expect(result.code == 65)
        #expect(result.error.contains("64 MiB of the file have no whole line"), "\(result.error)")
    }

    @Test(arguments: [
        ("PK\u{3}\u{4}.xlsx.....", "is a workbook or another ZIP file", "save it as CSV UTF-8"),
        ("SQLite format 3\0", "is an SQLite database", "libraryd import-flask "),
        ("%PDF-1.7....", "is a PDF", "export a table as CSV"),
        ("BZh91AY&SY", "is compressed in a way that libctl does not read", "bzcat "),
        ("<?xml version='1.0'?>", "is HTML or XML", "export a table as CSV"),
        ("<!DOCTYPE html>", "is HTML or XML", "export"),
    ])
    func whatIsNoTextIsTold(start: String, what: String, hint: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let path = ctl.home.path + "/file"
        try Data(start.utf8).write(to: URL(fileURLWithPath: path))
        let result = try await ctl.line("authors import \(path)")
        #expect(result.code == 65)
        #expect(result.error.hasPrefix("libctl: authors import: \(path) \(what)\n  hint: \(hint)"), "\(result.error)")
        try Data(Self.gzip(Array(start.utf8))).write(to: URL(fileURLWithPath: path))
        #expect(try await ctl.line("authors import \(path)").error == result.error)
    }

    static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        // At an address that stays the same, which zlib checks.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = deflateInit2_(
            stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        try #require(code == Z_OK)
        defer {
            deflateEnd(stream)
            stream.deallocate()
        }
        var (input, output) = (bytes, [UInt8](repeating: 0, count: bytes.count + 1000))
        let length = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                (stream.pointee.next_in, stream.pointee.avail_in) = (input.baseAddress, UInt32(input.count))
                (stream.pointee.next_out, stream.pointee.avail_out) = (output.baseAddress, UInt32(output.count))
                return deflate(stream, Z_FINISH) == Z_STREAM_END ? output.count - Int(stream.pointee.avail_out) : 0
            }
        }
        try #require(length > 0)
        return Array(output.prefix(length))
    }
}
