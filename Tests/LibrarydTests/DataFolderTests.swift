import Foundation
import Shared
import TestSupport
import Testing

@testable import LibraryServer
@testable import LibraryStore
@testable import libraryd

@Suite struct DataFolderTests {
    private let outer = TemporaryFolder()
    private var path: String { outer.path + "/a/b" }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? NSNumber).intValue
    }

    @Test func isMadePrivate() throws {
        let folder = try DataFolder(path: path)
        #expect(try mode(folder.path) == 0o700)
        let key = try folder.keys.load().current
        #expect(key.count == 32)
        #expect(try mode(path + "/signing.key") == 0o600)
        #expect(try folder.keys.load().current == key)
    }

    @Test func anOpenFolderIsTightened() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        _ = try DataFolder(path: path)
        #expect(try mode(path) == 0o700)
    }

    @Test func twoKeysDiffer() throws {
        #expect(
            try DataFolder(path: outer.path + "/1").keys.load().current
                != DataFolder(path: outer.path + "/2").keys.load().current)
    }

    @Test func aKeyThatOthersCouldReadIsRefused() throws {
        let folder = try DataFolder(path: path)
        _ = try folder.keys.load().current
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path + "/signing.key")
        let error = #expect(throws: CommandError.self) { try DataFolderTests.key(folder) }
        #expect(error?.exit == .noPermission)
    }

    @Test(arguments: [0, 31, 33, 64])
    func aKeyOfAnotherLengthIsRefused(length: Int) throws {
        let folder = try DataFolder(path: path)
        _ = FileManager.default.createFile(
            atPath: path + "/signing.key", contents: Data(count: length), attributes: [.posixPermissions: 0o600])
        let error = #expect(throws: CommandError.self) { try DataFolderTests.key(folder) }
        #expect(error?.exit == .dataError)
    }

    @Test(arguments: [
        Array(repeating: UInt8(0), count: 32), Array(repeating: 0x41, count: 32),
        Array("0123456789a0123456789a0123456789".utf8),
    ])
    func aKeyThatCanBeGuessedIsRefused(key: [UInt8]) throws {
        let folder = try DataFolder(path: path)
        for name in ["signing.key", "signing.key.retired"] {
            let text = #"{"key":"\#(Base64URL.encode(key))","retired_at":"2026-11-23T18:04:02.123Z"}"#
            try FileContents.write(name == "signing.key" ? key : Array(text.utf8), to: "\(path)/\(name)")
            let error = #expect(throws: CommandError.self) { try DataFolderTests.key(folder) }
            #expect(error?.exit == .dataError)
            #expect(error?.reason.hasPrefix("\(path)/\(name) is not a ") == true)
            try FileContents.write(Array(0..<32), to: path + "/signing.key")
        }
    }

    @Test func theLockNamesItsHolder() throws {
        let folder = try DataFolder(path: path)
        let error = #expect(throws: CommandError.self) { _ = try DataFolder(path: path) }
        #expect(error?.exit == .temporaryFailure)
        #expect(error?.reason.contains("(pid \(ProcessInfo.processInfo.processIdentifier))") == true)
        _ = consume folder
        _ = try DataFolder(path: path)
    }

    @Test func aFileIsNoFolder() throws {
        #expect(FileManager.default.createFile(atPath: outer.path + "/a", contents: Data()))
        let error = #expect(throws: CommandError.self) { _ = try DataFolder(path: outer.path + "/a/b") }
        #expect(error?.exit == .ioError)
    }

    private static func key(_ folder: borrowing DataFolder) throws -> [UInt8] { try folder.keys.load().current }
}
