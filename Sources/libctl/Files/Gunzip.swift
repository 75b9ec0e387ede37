import CZlib
import Shared

/// Decompresses gzip (RFC 1952) that arrives in pieces, also of several members, in memory that depends neither on the
/// length of the input nor on that of the output.
final class Gunzip {
    static let magic: [UInt8] = [0x1F, 0x8B]

    /// At an address that stays the same, which zlib checks.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var position = 0
    /// Whether zlib may have more output although it has taken all input.
    private var hasMore = false
    private var isBetweenMembers = false
    private var isOver = false

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits for the window, and 16 for gzip (zlib.h, inflateInit2).
        let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw CommandError(.failure, "zlib cannot be used (\(code))") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Adds a piece, once ``next()`` has returned `nil`.
    func append(_ piece: [UInt8]) {
        (input, position) = (piece, 0)
    }

    /// The next piece of the output, at most 64 KiB; `nil` if more input is needed.
    /// - Throws: ``CommandError`` `dataError` if the input is damaged.
    func next() throws -> [UInt8]? {
        while !isOver, position < input.count || hasMore {
            if isBetweenMembers {
                // As gzip(1) does it: what follows and is no member does not count.
                guard input[position] == Self.magic[0] else {
                    isOver = true
                    return nil
                }
                inflateReset(stream)
                isBetweenMembers = false
            }
            var code = Z_OK
            let output = [UInt8](unsafeUninitializedCapacity: 64 << 10) { output, count in
                input.withUnsafeMutableBufferPointer { input in
                    stream.pointee.next_in = input.baseAddress.map { $0 + position }
                    stream.pointee.avail_in = UInt32(input.count - position)
                    stream.pointee.next_out = output.baseAddress
                    stream.pointee.avail_out = UInt32(output.count)
                    code = inflate(stream, Z_NO_FLUSH)
                    position = input.count - Int(stream.pointee.avail_in)
                    count = output.count - Int(stream.pointee.avail_out)
                }
            }
            hasMore = stream.pointee.avail_out == 0 && code != Z_STREAM_END
            isBetweenMembers = code == Z_STREAM_END
            guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(code) else {
                let reason = stream.pointee.msg.map { String(cString: $0) } ?? "error \(code)"
                throw CommandError(.dataError, "the gzip data is damaged: \(reason)")
            }
            if !output.isEmpty { return output }
        }
        return nil
    }

    /// To be called at the end of the input.
    /// - Throws: ``CommandError`` `dataError` if the input ends too early.
    func end() throws {
        guard isBetweenMembers || isOver else {
            throw CommandError(.dataError, "the gzip data ends too early: the file may have been cut off")
        }
    }
}
