/// Splits a CSV file (RFC 4180) that arrives in pieces into records. Memory does not grow with the size of the file.
///
/// Beyond the RFC: another separator, also one that a first line `sep=;` names; spaces around quotes; lines that end in
/// LF, CRLF or CR; a byte order mark; rows without text, which are skipped; a Ctrl-Z at the end.
///
/// If the separator is a tab, a cell that begins with a quote is a quoted cell only if it ends as one. Spreadsheets
/// quote such cells; other programs write quotation marks as they are (IANA, `text/tab-separated-values`).
public struct CSVRecords: Sendable {
    private enum State {
        case cellStart, plain, quoted, quoteInQuoted, afterQuoted
        /// Skipping the rest of a record that cannot be read, up to the end of the line.
        case lost
    }

    /// The beginning of a quoted cell, to which the reader returns if the cell does not end as one.
    private struct Opening {
        var position = 0
        var line = 0
        var innerLines = 0
        var length = 0
        /// Whether the cell has tabs or line ends. A cell that has both is none: its quote is a quotation mark.
        var hasTab = false
        var hasLineEnd = false
    }

    public private(set) var separator: UInt8
    private let isSeparatorTold: Bool
    /// Whether a cell that begins with a quote is a quoted cell.
    var hasQuotes = true
    /// Whether the cells of each column are needed; cells of other columns come out empty. `nil`: all are needed.
    var needed: [Bool]?

    private var input = RecordInput()
    private var hasBegun = false
    private var state = State.cellStart
    /// The byte that ends lines, once the first line end has come.
    private var lineEnd: UInt8?
    /// The line of the next byte, from 1.
    private var line = 1
    /// The position and the line at which the record begins.
    private var start = (position: 0, line: 1)
    /// The same of the record that was returned last.
    private var last = (position: 0, line: 1)
    /// Where the text of that record is; `nil` if it is too long.
    private var lastText: Range<Int>?
    private var content: [UInt8] = []
    private var ends: [Int] = []
    /// Bytes of the record that are needed.
    private var length = 0
    /// Number of line ends inside of quoted cells of the record.
    private var innerLines = 0
    private var opening = Opening()
    private var hasText = false
    private var isTextLost = false
    private var fault: String?
    /// Up to this position no cell may go over several lines: these lines were read as one record before, which had a
    /// fault. So no byte is read more than twice.
    private var rereadEnd = 0

    /// - Parameter separator: the separator of the cells; `nil` for a comma, unless the first line names another.
    public init(separator: UInt8? = nil) {
        self.separator = separator ?? UInt8(ascii: ",")
        isSeparatorTold = separator != nil
    }

    /// Adds a piece of the input, which ``next(atEnd:)`` then reads.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        input.append(bytes, keepingFrom: isTextLost ? input.position : start.position)
    }

    /// The next record that has any text. `nil` if the record is not complete yet, or, at the end of the input, if no
    /// record is left.
    public mutating func next(atEnd: Bool) -> Record? {
        guard begin(atEnd: atEnd) else { return nil }
        while true {
            takeText()
            guard let byte = input.next else {
                guard let isEnd = endOfInput(atEnd) else { return nil }
                if isEnd, let record = record() { return record }
                continue
            }
            if byte == .carriageReturn, lineEnd == nil, state != .quoted {
                // The byte after it tells which line ends the file has.
                if input.position + 1 == input.end, !atEnd { return nil }
                input.position += 1
                let isPair = input.next == .newline
                input.position -= 1
                lineEnd = isPair ? .newline : .carriageReturn
            }
            if take(byte), let record = record() { return record }
        }
    }

    /// Goes back to the beginning of the record that was returned last, before which no piece may have been added.
    mutating func reread() {
        input.position = last.position
        (start, line) = (last, last.line)
    }

    /// Skips a byte order mark and, if the first line is `sep=` and a separator, that line's text.
    private mutating func begin(atEnd: Bool) -> Bool {
        guard !hasBegun else { return true }
        guard input.skipMark(atEnd: atEnd), let named = input.skipSeparatorLine(atEnd: atEnd) else { return false }
        hasBegun = true
        if let named, !isSeparatorTold { separator = named }
        start.position = input.position
        return true
    }

    /// Handles the end of what is in memory.
    /// - Returns: whether the record ends here; `nil` if there is nothing to do before the next piece.
    private mutating func endOfInput(_ atEnd: Bool) -> Bool? {
        let isTooLong = !isTextLost && input.position - start.position > Record.longest
        guard atEnd || isTooLong else { return nil }
        guard input.position > start.position else { return nil }
        if state == .quoted {
            // A quoted cell of one line may be as long as it likes if it is not needed.
            guard atEnd || innerLines > 0 || isUncertain else {
                isTextLost = true
                return nil
            }
            return end(because: "a quote is not closed")
        }
        guard atEnd else {
            isTextLost = true
            return nil
        }
        while content.count > (ends.last ?? 0), content.last == 0x1A { content.removeLast() }
        return true
    }

    /// Whether a quote that opens a cell may turn out to be a quotation mark.
    private var isUncertain: Bool { separator == .tab && !isTextLost }

    // MARK: Bytes

    /// Takes all bytes up to the next one that can have a meaning at once, which is faster than one by one.
    private mutating func takeText() {
        let (separator, lineEnd) = (separator, lineEnd ?? .newline)
        let end: Int?
        switch state {
        case .plain:
            end = input.first(from: input.position) {
                $0 == separator || $0 == .newline || $0 == .carriageReturn
            }
        case .quoted where isUncertain:
            end = input.first(from: input.position) { $0 == .quote || $0 == lineEnd || $0 == .tab }
        case .quoted: end = input.first(from: input.position) { $0 == .quote || $0 == lineEnd }
        case .lost: end = input.first(from: input.position) { $0 == .newline || $0 == lineEnd }
        case .cellStart where ends.isEmpty && lineEnd == .newline && input.position == start.position:
            return skipEmptyLines()
        default: return
        }
        let range = input.position..<(end ?? input.end)
        input.position = range.upperBound
        if !range.isEmpty, state != .lost { add(range) }
    }

    private mutating func skipEmptyLines() {
        let end = input.first(from: input.position) { $0 != .newline } ?? input.end
        line += end - input.position
        input.position = end
        start = (end, line)
    }

    /// Handles one byte, and returns `true` at the end of a record.
    private mutating func take(_ byte: UInt8) -> Bool {
        input.position += 1
        if byte == .newline || byte == .carriageReturn && lineEnd == byte { return takeLineEnd(byte) }
        switch (state, byte) {
        case (.lost, _): break
        case (.cellStart, .quote) where hasQuotes:
            opening = Opening(position: input.position - 1, line: line, innerLines: innerLines, length: length)
            state = .quoted
        case (.quoted, .quote): state = .quoteInQuoted
        case (.quoted, _):
            opening.hasTab = opening.hasTab || byte == .tab
            if opening.hasTab, opening.hasLineEnd, isUncertain { return end(because: "") }
            add(input.position - 1..<input.position)
        case (.quoteInQuoted, .quote):
            state = .quoted
            add(input.position - 1..<input.position)
        case (_, separator): endCell()
        case (.cellStart, _) where byte.isBlank && byte != 0x1A: break
        case (.quoteInQuoted, _) where byte.isBlank, (.afterQuoted, _) where byte.isBlank: state = .afterQuoted
        case (.quoteInQuoted, _), (.afterQuoted, _): return end(because: "text after a closing quote")
        case (.plain, _): add(input.position - 1..<input.position)
        default:
            state = .plain
            add(input.position - 1..<input.position)
        }
        return false
    }

    private mutating func takeLineEnd(_ byte: UInt8) -> Bool {
        // The second byte of CRLF, in a file whose first line ends in CR.
        if byte == .newline, lineEnd == .carriageReturn, state == .cellStart, input.position - 1 == start.position {
            start.position = input.position
            return false
        }
        lineEnd = lineEnd ?? (state == .quoted ? nil : byte)
        line += 1
        guard state == .quoted else { return true }
        opening.hasLineEnd = true
        if opening.hasTab, isUncertain { return end(because: "") }
        if input.position <= rereadEnd { return end(because: "a quote is not closed") }
        innerLines += 1
        add(input.position - 1..<input.position)
        return false
    }

    private mutating func endCell() {
        ends.append(content.count)
        state = .cellStart
        grow(by: 1)
    }

    private mutating func add(_ range: Range<Int>) {
        let bytes = input[range]
        if !hasText { hasText = bytes.contains { !$0.isBlank } }
        guard let needed, ends.count < needed.count, !needed[ends.count] else {
            content.append(contentsOf: bytes)
            return grow(by: range.count)
        }
    }

    private mutating func grow(by count: Int) {
        length += count
        if length > Record.longest, state != .lost { lose(Record.tooLong) }
    }

    // MARK: Ends

    /// Ends a quoted cell that does not end as one: the quote is a quotation mark after all, or the record has a fault.
    /// - Returns: whether the record ends here.
    private mutating func end(because reason: String) -> Bool {
        guard isUncertain else {
            let isWhole = innerLines > 0 && !isTextLost || state == .quoted
            lose(reason)
            return isWhole
        }
        input.position = opening.position
        (line, innerLines, length) = (opening.line, opening.innerLines, opening.length)
        content.removeLast(content.count - (ends.last ?? 0))
        state = .plain
        return false
    }

    private mutating func lose(_ reason: String) {
        fault = fault ?? reason
        state = .lost
        content = []
        ends = []
    }

    /// Ends the record and starts the next one; returns `nil` for a row without text.
    private mutating func record() -> Record? {
        last = start
        var end = input.position
        let isReread = start.position < rereadEnd
        if fault != nil, innerLines > 0, !isTextLost {
            // Only the first line is at fault for sure. The others are read again, each by itself.
            fault = "a quote is not closed"
            rereadEnd = max(rereadEnd, end)
            end =
                (input.first(from: start.position) { [lineEnd = lineEnd ?? .newline] in $0 == lineEnd } ?? end - 1) + 1
            input.position = end
            line = start.line + 1
        }
        if state == .plain, content.count > (ends.last ?? 0), content.last == .carriageReturn { content.removeLast() }
        let isEmpty = fault == nil && !hasText
        defer {
            (start, state) = ((input.position, line), .cellStart)
            (length, innerLines) = (0, 0)
            (hasText, isTextLost, fault) = (false, false, nil)
            if isEmpty {
                content.removeAll(keepingCapacity: true)
                ends.removeAll(keepingCapacity: true)
            } else {
                (content, ends) = ([], [])
                content.reserveCapacity(128)
                ends.reserveCapacity(needed?.count ?? 8)
            }
        }
        let isKept = !isTextLost && end - start.position <= Record.longest
        lastText = isKept ? start.position..<end : nil
        if isEmpty { return nil }
        if let fault { return Record(start.line, fault: fault) }
        ends.append(content.count)
        return Record(start.line, content: content, ends: ends, isReread: isReread)
    }

    /// The record that was returned last as it is in the input, without its line end; `nil` if it is longer than
    /// ``Record/longest``. No piece may have been added since.
    var text: [UInt8]? {
        guard let lastText else { return nil }
        var text = input[lastText]
        if text.last == .newline { text.removeLast() }
        if text.last == .carriageReturn { text.removeLast() }
        return Array(text)
    }
}
