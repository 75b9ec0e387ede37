import Foundation
import Shared
import TestSupport
import Testing

/// JSON in lines, over several lines and in arrays. Each text is read in pieces of many sizes.
@Suite struct JSONRecordsTests {
    private func read(_ text: String, pieces: Int) -> [String] {
        var records = JSONRecords()
        var (all, rest) = ([String](), Array(text.utf8)[...])
        func add(_ record: Record) {
            let text = String(decoding: record.content, as: UTF8.self).filter { !$0.isWhitespace }
            all.append("\(record.number) " + (record.fault.map { "!\($0)" } ?? text))
        }
        while true {
            records.append(rest.prefix(pieces), add)
            rest = rest.dropFirst(pieces)
            guard rest.isEmpty else { continue }
            records.end(add)
            return all
        }
    }

    /// Only so much white space is waited for and kept.
    @Test(arguments: [4096, 100_000])
    func anObjectAroundTheArrayBeginsWithinItsLimit(pieces: Int) {
        func begin(_ blanks: Int) -> String { "{" + String(repeating: " ", count: blanks) + "\"list_of_authors\": [" }
        #expect(read(begin(Record.longest / 2) + "{\"a\":1}]}", pieces: pieces) == ["1 {\"a\":1}"])
        #expect(
            read(begin(2 * Record.longest) + "{\"a\":1}]}\n{}", pieces: pieces)
                == ["1 !the record is longer than 1 MiB", "2 {}"])
    }

    private static let isOpen =
        "!not JSON: the array is not closed: the file may have been cut off; what follows was not read"

    @Test(
        arguments: [
            ("{\"a\":1}\n\n{\"a\":2}", ["1 {\"a\":1}", "3 {\"a\":2}"]), ("\u{FEFF}\n{}\r\n[1]\r\n", ["2 {}", "3 [1]"]),
            ("{}\r{\"a\":1}\r", ["1 {}", "2 {\"a\":1}"]), ("x\n{}\n\u{1A}", ["1 x", "2 {}"]), ("", []), (" \n", []),
            // Objects over several lines, as `jq` and editors write them.
            ("{\n  \"a\": 1\n}\n{\n  \"a\": [\n{}]\n}\n{}", ["1 {\"a\":1}", "4 {\"a\":[{}]}", "8 {}"]),
            ("{ \"a\": \"}\\\"{\",\n \"b\": 2 }\n", ["1 {\"a\":\"}\\\"{\",\"b\":2}"]),
            // A fault in one harms its first line only.
            ("{\"a\":\n{}\n{\"a\":1}", ["1 {\"a\":", "2 {}", "3 {\"a\":1}"]), ("{\"a\n{}\n", ["1 {\"a", "2 {}"]),
            ("{\n\"a\":1\n", ["1 {", "2 \"a\":1"]),
            // Arrays.
            ("[]", []), (" [ {\"a\":1} ,\n{\"a\":[2]}\n]\n", ["1 {\"a\":1}", "2 {\"a\":[2]}"]),
            ("[{}", ["1 {}", "2 \(isOpen)"]),
            ("[{", ["1 \(isOpen)"]), ("[", ["1 \(isOpen)"]),
            ("[{} {}]", ["1 {}", "2 !not JSON: expected ',' or ']'; what follows was not read"]),
            ("[{},]", ["1 {}", "2 !not JSON: expected an object; what follows was not read"]),
            ("[1,{}]", ["1 !not JSON: expected an object; what follows was not read"]),
            ("[{\"a\":\"b\n\"}]", ["1 !not JSON: a string is not closed; what follows was not read"]),
            ("[{}]\n{}", ["1 {}", "2 !not JSON: there is text after the array; what follows was not read"]),
            // What the API answers.
            ("{\"list_of_authors\" : [{\"a\":\"]\"},{}],\"next\":null}", ["1 {\"a\":\"]\"}", "2 {}"]),
            (
                "{\"list_of_authors\":[{}],\"next\":\"}\"}\n{\"list_of_authors\":[{\"a\":1}],\"next\":null}\n",
                ["1 {}", "2 {\"a\":1}"]
            ),
            ("{\"list_of_authors\":[],\"next\":", ["1 \(isOpen)"]),
            ("{\"list_of_authors\":1}", ["1 {\"list_of_authors\":1}"]),
        ] as [(String, [String])])
    func aTextIsReadAsItIsMeant(text: String, expected: [String]) {
        for size in [1, 2, 3, 5, 7, 11, 64, 1 << 20] {
            #expect(read(text, pieces: size) == expected, "in pieces of \(size)")
        }
    }

    /// An element that is too long is one fault, and one object that is never closed harms its first line only.
    @Test func whatIsTooLongIsBounded() {
        let long = String(repeating: "x", count: 2 << 20)
        for size in [1 << 14, 4 << 20] {
            #expect(
                read("[{\"a\":\"\(long)\"},{}]", pieces: size) == ["1 !the record is longer than 1 MiB", "2 {}"])
            #expect(read("{\"a\":\"\(long)\"}\n{}", pieces: size) == ["1 !the record is longer than 1 MiB", "2 {}"])
        }
        let lines = String(repeating: "{\"a\":1}\n", count: 200_000)
        let told = read("{\"a\":\n" + lines, pieces: 1 << 16)
        #expect(told.count == 200_001)
        #expect(told.first == "1 {\"a\":")
        #expect(told.last == "200001 {\"a\":1}")
    }

    @Test func noTextTakesQuadraticTime() {
        for pattern in ["{\n", "{\"a\":{\n", "{\"\n", "[{\n"] {
            #expect(!read(String(repeating: pattern, count: (1 << 17) / pattern.utf8.count), pieces: 1 << 16).isEmpty)
        }
    }
}
