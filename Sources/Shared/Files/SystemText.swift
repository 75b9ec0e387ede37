@preconcurrency import Glibc

/// Converts between `String` and the bytes of arguments, environment variables and file names, which need not be
/// UTF-8. Swift's own `CommandLine.arguments` replaces invalid bytes with U+FFFD and so loses them.
///
/// Here each byte that is not part of a valid character becomes one of the scalars U+10FF80 to U+10FFFF, the last 128
/// of Unicode. If the input has one of these scalars, each of its UTF-8 bytes is converted in the same way. So two
/// different names never become the same text, and each text can be converted back to its bytes.
public enum SystemText {
    private static let stray = UInt32(0x10FF80)...0x10FFFF

    /// The text for bytes.
    public static func decoded(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self), isText(text) { return text }
        var result = String.UnicodeScalarView()
        var index = 0
        while index < bytes.count {
            let rest = bytes[index...]
            let whole = (1...4).lazy.compactMap { length in character(rest.prefix(length)) }.first
            let byte = Unicode.Scalar(stray.lowerBound - 0x80 + UInt32(bytes[index]))
            result.append(whole ?? byte ?? "\u{FFFD}")
            index += whole.map { UTF8.width($0) } ?? 1
        }
        return String(result)
    }

    private static func character(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard let text = String(validating: bytes, as: UTF8.self), isText(text) else { return nil }
        return text.unicodeScalars.first
    }

    /// The bytes of a text that ``decoded(_:)`` made, or of any other text as UTF-8.
    public static func bytes(_ text: String) -> [UInt8] {
        if isText(text) { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in
            stray.contains(scalar.value) ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
    }

    /// As ``bytes(_:)``, as a C string with a final zero.
    public static func path(_ text: String) -> [CChar] {
        bytes(text).map { CChar(bitPattern: $0) } + [0]
    }

    /// Whether the text stands for valid UTF-8, which means that none of its scalars stands for a byte.
    public static func isText(_ text: String) -> Bool {
        !text.unicodeScalars.contains { stray.contains($0.value) }
    }

    /// The text for people: each byte that is not UTF-8 as `\xFF`.
    public static func shown(_ text: String) -> String {
        guard !isText(text) else { return text }
        return text.unicodeScalars.map { scalar in
            guard stray.contains(scalar.value) else { return String(scalar) }
            return "\\x" + String(scalar.value & 0xFF, radix: 16, uppercase: true)
        }.joined()
    }

    /// The arguments of this process, without the name of the program.
    public static func arguments() -> [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0].map { decoded(bytes(of: $0)) } }
    }

    /// The environment variables of this process.
    public static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var next = __environ
        while let entry = next?.pointee {
            let bytes = bytes(of: entry)
            if let end = bytes.firstIndex(of: UInt8(ascii: "=")) {
                result[decoded(bytes[..<end])] = decoded(bytes[(end + 1)...])
            }
            next = next?.advanced(by: 1)
        }
        return result
    }

    private static func bytes(of text: UnsafeMutablePointer<CChar>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text, count: strlen(text))
    }

    /// The first argument that is not valid UTF-8, named in a way that can be shown: by its option, or as
    /// `argument 3`; `nil` if all arguments are valid.
    /// - Parameter files: arguments that are file names, and may have any bytes.
    public static func firstNotText(in arguments: [String], files: [String] = []) -> String? {
        var files = files
        for (index, argument) in arguments.enumerated() where !isText(argument) {
            // In `--file=VALUE` and `-fVALUE` the name of the file is the end of the argument.
            if let file = files.firstIndex(where: {
                argument == $0 || argument.hasPrefix("-") && argument.hasSuffix($0)
            }) {
                files.remove(at: file)
                continue
            }
            let option = argument.prefix { $0 != "=" }
            if option.hasPrefix("--"), option.utf8.count < argument.utf8.count, isText(String(option)) {
                return String(option)
            }
            let before = index > 0 ? arguments[index - 1] : ""
            return before.hasPrefix("-") && isText(before) && !before.contains("=") ? before : "argument \(index + 1)"
        }
        return nil
    }
}
