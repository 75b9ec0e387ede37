import Glibc
import Shared

/// The encoding of a text file.
enum TextEncoding: Equatable {
    case utf8
    case utf16(isBigEndian: Bool)
    /// An encoding by the name that iconv(3) has for it.
    case other(String)

    /// The names that completion offers and that errors mention.
    static let names = ["utf-8", "utf-16", "windows-1252"]

    /// - Throws: ``CommandError`` `usage` if iconv does not know the name.
    init(name: String) throws {
        switch name.lowercased() {
        case "utf-8", "utf8": self = .utf8
        case "utf-16", "utf16", "utf-16le": self = .utf16(isBigEndian: false)
        case "utf-16be": self = .utf16(isBigEndian: true)
        case let name:
            let known = Self.isLatin(name) ? "CP1252" : name
            let isName = name.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-_.:+".utf8.contains($0) }
            guard isName, !name.isEmpty, Iconv(known) != nil else {
                throw CommandError(
                    .usage, "\(Secrets.quoted(name)) is not an encoding",
                    hint: "\(Self.names.joined(separator: ", ")), or one that 'iconv -l' lists")
            }
            self = .other(known)
        }
    }

    /// What is called Latin-1 nearly always is windows-1252, which has the same letters and more (WHATWG Encoding).
    private static func isLatin(_ name: String) -> Bool {
        ["latin1", "latin-1", "iso-8859-1", "iso8859-1", "windows-1252", "ansi", "us-ascii", "ascii"].contains(name)
    }

    /// The encoding of a text by its beginning, of at least 4 bytes if there are so many: a byte order mark, or zeros
    /// at every other byte, as UTF-16 has for the letters of a header; else UTF-8.
    init(of start: [UInt8]) {
        let zeros = start.prefix(4).map { $0 == 0 }
        self =
            switch zeros {
            case _ where start.starts(with: [0xFF, 0xFE, 0, 0]), _ where start.starts(with: [0, 0, 0xFE, 0xFF]):
                .other("UTF-32")
            case _ where start.starts(with: [0xFF, 0xFE]), [false, true, false, true]: .utf16(isBigEndian: false)
            case _ where start.starts(with: [0xFE, 0xFF]), [true, false, true, false]: .utf16(isBigEndian: true)
            default: .utf8
            }
    }
}

/// Converts text that arrives in pieces to UTF-8 by iconv(3).
final class Iconv {
    private let converter: iconv_t

    /// `nil` if iconv does not know the encoding.
    init?(_ encoding: String) {
        guard let converter = iconv_open("UTF-8", encoding), converter != iconv_t(bitPattern: -1) else { return nil }
        self.converter = converter
    }

    deinit {
        iconv_close(converter)
    }

    /// The text of the bytes, and how many bytes it is the text of: a character may be cut off at the end.
    /// - Parameter fault: stands for each byte that has no character.
    func convert(_ bytes: [UInt8], fault: UInt8) -> (text: [UInt8], length: Int) {
        var (text, taken) = ([UInt8](), 0)
        var input = bytes.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: 4 * bytes.count + 16)
        while taken < input.count {
            var (left, room, code) = (input.count - taken, output.count, Int32(0))
            input.withUnsafeMutableBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output in
                    var (next, place) = (input.baseAddress.map { $0 + taken }, output.baseAddress)
                    if iconv(converter, &next, &left, &place, &room) == -1 { code = errno }
                }
            }
            text += output.prefix(output.count - room).map { UInt8(bitPattern: $0) }
            taken = input.count - left
            switch code {
            case EILSEQ:
                text.append(fault)
                taken += 1
            case EINVAL: return (text, taken)
            default: break
            }
        }
        return (text, taken)
    }
}
