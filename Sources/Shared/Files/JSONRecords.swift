/// Splits JSON that arrives in pieces into records: the lines of NDJSON, objects that go over several lines, or the
/// elements of an array, also of one that is the member `list_of_authors`, as replies have it. Memory does not grow
/// with the size of the input.
public struct JSONRecords: Sendable {
    private enum Mode {
        /// Before the first value, or after an array.
        case start
        case lines
        /// In an array: before its first element or `]`, before another element, after an element.
        case first, element, comma
        /// After an array, in the rest of the object around it.
        case rest
        /// At a value after an array that is none.
        case other
        /// Nothing that follows can be read.
        case lost
    }

    private var input = RecordInput()
    private var mode = Mode.start
    /// The byte that ends lines.
    private var lineEnd: UInt8?
    private var line = 1
    /// The position at which the record begins.
    private var start = 0
    private var extent: JSONExtent?
    private var isInObject = false
    private var elements = 0
    private var isTextLost = false
    /// As in ``CSVRecords``.
    private var rereadEnd = 0
    /// How much of what begins an object around an array has come: parts of ``wrapping``, and bytes.
    private var wrapped = (parts: 0, length: 0)

    public init() {}

    /// Whether the records are elements of an array; their number is then not that of a line.
    public var areElements: Bool { mode != .lines && mode != .start || elements > 0 }

    /// Adds a piece of the input, which ``next(atEnd:)`` then reads.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        input.append(bytes, keepingFrom: isTextLost || mode == .rest ? input.position : start)
    }

    /// Adds a piece of the input and calls `body` with each record that is complete.
    public mutating func append(_ bytes: some Sequence<UInt8>, _ body: (Record) throws -> Void) rethrows {
        append(bytes)
        while let record = next(atEnd: false) { try body(record) }
    }

    /// Calls `body` with each record that remains at the end of the input.
    public mutating func end(_ body: (Record) throws -> Void) rethrows {
        while let record = next(atEnd: true) { try body(record) }
    }

    /// The next record, without empty lines. `nil` if the record is not complete yet, or, at the end of the input, if
    /// no record is left.
    public mutating func next(atEnd: Bool) -> Record? {
        guard input.skipMark(atEnd: atEnd) else { return nil }
        while true {
            switch mode {
            case .lines: return nextLine(atEnd)
            case .lost:
                input.position = input.end
                start = input.end
                return nil
            case .start: guard begin(atEnd) else { return nil }
            case .rest:
                guard skipRest() else { return atEnd ? lost(Self.isOpen) : nil }
                mode = .start
            case .other: return lost("there is text after the array")
            case .first, .element, .comma:
                if let record = nextElement(atEnd) { return record }
                if [.first, .element, .comma].contains(mode) { return nil }
            }
        }
    }

    // MARK: Start

    /// Finds out what the next value is.
    /// - Returns: `false` if nothing is left, or if more bytes must arrive first.
    private mutating func begin(_ atEnd: Bool) -> Bool {
        skipBlanks()
        guard let byte = input.next else { return false }
        mode = elements > 0 ? .other : .lines
        if byte == UInt8(ascii: "[") {
            input.position += 1
            (mode, isInObject) = (.first, false)
        } else if byte == UInt8(ascii: "{") {
            guard let length = lengthOfWrapping(atEnd) else {
                mode = .start
                return false
            }
            wrapped = (0, 0)
            input.position += length
            if length > 0 { (mode, isInObject) = (.first, true) }
        }
        start = input.position
        return true
    }

    private mutating func skipBlanks() {
        while let byte = input.next, byte.isBlank {
            input.position += 1
            if byte == .newline { line += 1 }
        }
        start = input.position
    }

    private static let wrapping = ["{", "\"list_of_authors\"", ":", "["]

    /// The length of `{"list_of_authors":[`, with any white space, if that comes next; otherwise 0. `nil` if more bytes
    /// must arrive before that is known.
    private mutating func lengthOfWrapping(_ atEnd: Bool) -> Int? {
        while wrapped.parts < Self.wrapping.count {
            let start = input.position + wrapped.length
            guard let place = input.first(from: start, where: { !$0.isBlank }) else {
                wrapped.length = input.end - input.position
                return atEnd || wrapped.length > Record.longest ? 0 : nil
            }
            wrapped.length = place - input.position
            let part = Array(Self.wrapping[wrapped.parts].utf8)
            let come = input[place..<min(place + part.count, input.end)]
            guard part.starts(with: come) else { return 0 }
            guard come.count == part.count else { return atEnd ? 0 : nil }
            wrapped = (wrapped.parts + 1, wrapped.length + part.count)
        }
        return wrapped.length > Record.longest ? 0 : wrapped.length
    }

    // MARK: Lines

    private mutating func nextLine(_ atEnd: Bool) -> Record? {
        while true {
            if lineEnd == nil, !findLineEnd(atEnd) { return nil }
            let newline = lineEnd ?? .newline
            guard extent == nil else {
                // `nil` here: more input is needed.
                guard let record = longObject(atEnd) else { return nil }
                return record
            }
            guard let end = input.first(from: input.position, where: { $0 == newline }) ?? (atEnd ? input.end : nil)
            else {
                if input.end - start > Record.longest { isTextLost = true }
                input.position = input.end
                return nil
            }
            guard end > start || end < input.end else { return nil }
            let isTooLong = isTextLost || end - start > Record.longest
            let text = isTooLong ? [] : trimmed(start..<end)
            if !isTooLong, text.first == UInt8(ascii: "{"), text.last != UInt8(ascii: "}"), start >= rereadEnd {
                extent = JSONExtent()
                input.position = start
                continue
            }
            let isEmpty = text.isEmpty && !isTooLong
            let record = isEmpty ? nil : line(text, fault: isTooLong ? Record.tooLong : nil)
            endLine(at: end)
            if let record { return record }
        }
    }

    private mutating func findLineEnd(_ atEnd: Bool) -> Bool {
        guard let end = input.first(from: start, where: { $0 == .newline || $0 == .carriageReturn }) else {
            if atEnd { lineEnd = .newline }
            if input.end - start > Record.longest { lineEnd = .newline }
            return lineEnd != nil
        }
        if input.bytes[end - input.base] == .carriageReturn {
            guard end + 1 < input.end || atEnd else { return false }
            let isPair = end + 1 < input.end && input.bytes[end + 1 - input.base] == .newline
            lineEnd = isPair ? .newline : .carriageReturn
        } else {
            lineEnd = .newline
        }
        return true
    }

    /// Continues an object that its first line does not end. If it has a fault, only the first line is at fault for
    /// sure, and the others are read again, each by itself.
    private mutating func longObject(_ atEnd: Bool) -> Record? {
        guard var extent else { return nil }
        let end = extent.end(in: input)
        self.extent = extent
        let newline = lineEnd ?? .newline
        if let end, extent.isBroken { return firstLine(until: end) }
        guard let end else {
            guard atEnd || input.end - start > Record.longest else {
                input.position = input.end
                return nil
            }
            return firstLine(until: input.end)
        }
        guard let lineEnd = input.first(from: end, where: { $0 == newline }) ?? (atEnd ? input.end : nil) else {
            if input.end - start > Record.longest { return firstLine(until: input.end) }
            return nil
        }
        let text = trimmed(start..<lineEnd)
        guard (try? JSONValue(parsing: Array(text))) != nil else { return firstLine(until: lineEnd) }
        let record = line(text)
        line += text.count { $0 == newline }
        endLine(at: lineEnd)
        return record
    }

    private mutating func firstLine(until end: Int) -> Record {
        rereadEnd = max(rereadEnd, end)
        let newline = lineEnd ?? .newline
        let first = input.first(from: start, where: { $0 == newline }) ?? input.end
        defer { endLine(at: first) }
        return line(trimmed(start..<first))
    }

    private func line(_ text: ArraySlice<UInt8>, fault: String? = nil) -> Record {
        guard fault == nil else { return Record(line, fault: fault) }
        let text = Array(text)
        return Record(line, content: text, ends: [text.count])
    }

    private mutating func endLine(at end: Int) {
        input.position = min(end + 1, input.end)
        (start, extent, isTextLost) = (input.position, nil, false)
        line += 1
    }

    private func trimmed(_ range: Range<Int>) -> ArraySlice<UInt8> {
        var text = input[range]
        while let last = text.last, last.isBlank { text.removeLast() }
        while let first = text.first, first.isBlank { text.removeFirst() }
        return text
    }

    // MARK: Elements

    /// The next element. `nil` after the array, and if more input is needed.
    private mutating func nextElement(_ atEnd: Bool) -> Record? {
        while extent == nil {
            skipBlanks()
            guard let byte = input.next else {
                return atEnd ? lost(Self.isOpen) : nil
            }
            switch (mode, byte) {
            case (.first, UInt8(ascii: "]")), (.comma, UInt8(ascii: "]")):
                input.position += 1
                extent = nil
                mode = isInObject ? .rest : .start
                return nil
            case (.comma, UInt8(ascii: ",")):
                input.position += 1
                mode = .element
            case (.first, UInt8(ascii: "{")), (.element, UInt8(ascii: "{")):
                elements += 1
                start = input.position
                extent = JSONExtent()
            case (.comma, _): return lost("expected ',' or ']'")
            default: return lost("expected an object")
            }
        }
        guard var extent else { return nil }
        let end = extent.end(in: input)
        self.extent = extent
        guard let end else {
            input.position = input.end
            if input.end - start > Record.longest { isTextLost = true }
            return atEnd ? lost(Self.isOpen) : nil
        }
        if extent.isBroken { return lost("a string is not closed") }
        let isTooLong = isTextLost || end - start > Record.longest
        let text = isTooLong ? nil : Array(input[start..<end])
        input.position = end
        (start, self.extent, isTextLost, mode) = (end, nil, false, .comma)
        guard let text else { return Record(elements, fault: Record.tooLong) }
        return Record(elements, content: text, ends: [text.count])
    }

    private mutating func lost(_ reason: String) -> Record {
        let number = extent == nil || mode == .rest ? elements + 1 : elements
        (mode, extent, isTextLost) = (.lost, nil, false)
        return Record(number, fault: "not JSON: \(reason); what follows was not read")
    }

    private static let isOpen = "the array is not closed: the file may have been cut off"

    /// Skips to the end of the object around the array.
    private mutating func skipRest() -> Bool {
        var extent = extent ?? JSONExtent(depth: 1)
        let end = extent.end(in: input)
        input.position = end ?? input.end
        start = input.position
        self.extent = end == nil ? extent : nil
        return end != nil
    }
}
