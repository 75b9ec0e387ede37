import CPostgres

/// A row of an answer, good until the closure that takes it returns. Columns are counted from 0.
///
/// Results come in text format: an integer is JSON already.
package struct Row {
    private let result: OpaquePointer
    private let row: Int32

    init(_ result: OpaquePointer, _ row: Int32) {
        self.result = result
        self.row = row
    }

    package func isNull(_ column: Int) throws -> Bool {
        cpostgres_getisnull(result, row, try index(column))
    }

    /// UTF-8, which no `String` is made of.
    /// - Throws: ``PostgresError/unexpected(_:)`` if it is NULL, as the others do.
    package func utf8(_ column: Int) throws -> UnsafeBufferPointer<UInt8> {
        let index = try index(column)
        guard !cpostgres_getisnull(result, row, index) else {
            throw PostgresError.unexpected("column \(column) of an answer is NULL")
        }
        let count = Int(cpostgres_getlength(result, row, index))
        return UnsafeRawBufferPointer(start: cpostgres_getvalue(result, row, index), count: count)
            .assumingMemoryBound(to: UInt8.self)
    }

    package func text(_ column: Int) throws -> String {
        String(decoding: try utf8(column), as: UTF8.self)
    }

    package func integer(_ column: Int) throws -> Int64 {
        let text = try utf8(column)
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text[...]
        // Below zero, where there is one value more.
        var value: Int64 = 0
        var fits = !digits.isEmpty
        for digit in digits {
            let number = Int64(digit) - 0x30
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (difference, underflows) = product.subtractingReportingOverflow(number)
            fits = fits && (0...9).contains(number) && !overflows && !underflows
            value = difference
        }
        guard fits, isNegative || value > .min else { throw misfit(column, "64-bit integer") }
        return isNegative ? value : -value
    }

    package func flag(_ column: Int) throws -> Bool {
        let text = try utf8(column)
        guard text.count == 1, let letter = text.first, "tf".utf8.contains(letter) else {
            throw misfit(column, "boolean")
        }
        return letter == UInt8(ascii: "t")
    }

    /// The bytes of a `bytea`, which come as `\x` and hexadecimal digits (PostgreSQL 15 documentation, section 8.4.1).
    package func bytes(_ column: Int) throws -> [UInt8] {
        let text = try utf8(column)
        guard text.starts(with: #"\x"#.utf8), text.count.isMultiple(of: 2) else { throw misfit(column, "bytea") }
        return try stride(from: 2, to: text.count, by: 2).map { place in
            guard let high = text[place].hexadecimalDigit, let low = text[place + 1].hexadecimalDigit else {
                throw misfit(column, "bytea")
            }
            return high << 4 | low
        }
    }

    private func index(_ column: Int) throws -> Int32 {
        guard (0..<Int(cpostgres_nfields(result))).contains(column) else {
            throw PostgresError.unexpected("an answer has no column \(column)")
        }
        return Int32(column)
    }

    private func misfit(_ column: Int, _ type: String) -> PostgresError {
        .unexpected("column \(column) of an answer is no \(type)")
    }
}

extension UInt8 {
    fileprivate var hexadecimalDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
