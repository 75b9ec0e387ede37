import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// The parts of a proof on the client's side. The end-to-end tests have both sides.
@Suite(.serialized) struct ProofTests {
    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }

    /// FIPS 180-4 examples, and lengths around the ends of a block.
    @Test(
        arguments: [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
            (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
            (63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
            (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
            (65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
            (119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
            (120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"),
            (1000, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
        ] as [(Int, String)])
    func digestsOfRepeatedLetters(count: Int, digest: String) {
        #expect(hexadecimal(SHA256.digest([UInt8](repeating: UInt8(ascii: "a"), count: count))) == digest)
    }

    @Test func theDigestOfABC() {
        #expect(
            hexadecimal(SHA256.digest(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    /// RFC 4231, sections 4.2, 4.3 and 4.7 (a key that is longer than a block).
    @Test func authenticationCodes() {
        func code(_ message: String, _ key: [UInt8]) -> String {
            hexadecimal(SHA256.authenticate(Array(message.utf8), key: key))
        }
        #expect(
            code("Hi There", [UInt8](repeating: 0x0b, count: 20))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            code("what do ya want for nothing?", Array("Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            code("Test Using Larger Than Block-Size Key - Hash Key First", [UInt8](repeating: 0xaa, count: 131))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    /// No text but the right one is a proof: neither that of another place, nor one that differs in a single character.
    @Test func onlyTheRightTextIsAProof() throws {
        let id = "49e42164-3e6e-4f4f-a7a0-74567f65dbd2"
        let key = DaemonKey(daemon: id, user: id, key: String(repeating: "k", count: 43))
        func proof(nonce: String, place: String) -> Proof {
            let message = Proof.message(daemon: id, user: id, nonce: nonce, place: place)
            let code = Data(SHA256.authenticate(message, key: Array(key.key.utf8))).base64EncodedString()
            return Proof(
                daemon: id,
                proof: code.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))
        }
        for number in 0..<2000 {
            let relayed = proof(nonce: "\(number)", place: "unix")
            #expect(relayed.isProof(of: key, nonce: "\(number)", place: "unix"))
            #expect(!relayed.isProof(of: key, nonce: "\(number)", place: "tcp"))
        }
        let right = proof(nonce: "n", place: "unix")
        for (index, letter) in right.proof.enumerated() {
            for other in "ABCabc019-_=" where other != letter {
                var text = Array(right.proof)
                text[index] = other
                let wrong = Proof(daemon: id, proof: String(text))
                #expect(!wrong.isProof(of: key, nonce: "n", place: "unix"), "\(other) at \(index)")
            }
        }
        for text in ["", String(right.proof.dropLast()), right.proof + "="] {
            #expect(!Proof(daemon: id, proof: text).isProof(of: key, nonce: "n", place: "unix"))
        }
        #expect(!Proof(daemon: "", proof: right.proof).isProof(of: key, nonce: "n", place: "unix"))
    }

    /// A request for the connection on which a daemon has proven itself never goes out on another.
    @Test func aRequestDoesNotLeaveItsConnection() throws {
        let server = try FakeServer(answer: FakeServer.http("200 OK", #"{"status":"ok"}"#))
        let curl = Curl(server: try Server(server.address))
        func request(_ path: String, connection: Int?) -> TransportRequest {
            var request = TransportRequest(method: "GET", path: path, headers: [], body: nil)
            request.connection = connection
            return request
        }
        #expect(try curl.send(request("/first", connection: nil)).status == 200)
        // The server has closed that connection.
        #expect(throws: ConnectionEnded.self) { try curl.send(request("/secret", connection: 1)) }
        #expect(try curl.send(request("/second", connection: nil)).status == 200)
        // Another connection has been opened since.
        #expect(throws: ConnectionEnded.self) { try curl.send(request("/secret", connection: 1)) }
        let lines = server.requests.map { $0.prefix { $0 != "\r\n" } }
        #expect(lines == ["GET /first HTTP/1.1", "GET /second HTTP/1.1"])
    }

    /// Each new connection is proven before anything else is sent, at most three times for one request.
    @Test func eachConnectionIsProven() throws {
        var (steps, isOpen, failures) = ([String](), false, 0)
        let client = Client(
            server: try Server(Server.standard),
            transport: { request in
                guard isOpen, failures == 0 else {
                    failures = max(0, failures - 1)
                    isOpen = false
                    throw ConnectionEnded()
                }
                steps.append(request.path + " \(request.connection ?? 0)")
                return TransportReply(
                    status: 200, headers: ["content-type": "application/json"], body: Array(#"{"status":"ok"}"#.utf8))
            }, trace: { _ in }, wait: { _, _ in })
        client.prove = {
            isOpen = true
            steps.append("proof")
            return 7
        }
        _ = try client.send(Endpoints.ready.call())
        _ = try client.send(Endpoints.ready.call())
        isOpen = false
        _ = try client.send(Endpoints.ready.call())
        #expect(steps == ["proof", "/readyz 7", "/readyz 7", "proof", "/readyz 7"])
        failures = 3
        #expect(throws: CommandError.self) { try client.send(Endpoints.ready.call()) }
        #expect(steps.suffix(2) == ["proof", "proof"])
    }

    /// A socket that is found, but on which nobody listens any more, is passed over; one that is named is not.
    @Test func anAbandonedSocketIsPassedOver() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/libraryd.sock"
        let io = IO(environment: ["XDG_RUNTIME_DIR": folder.path])
        func chosen(_ flag: String? = nil) throws -> String {
            try Server.choose(flag: flag, io: io, configured: nil).origin
        }
        #expect(try chosen() == Server.standard)
        try UnixSocketFile.abandon(path)
        #expect(try chosen() == Server.standard)
        #expect(try chosen("unix:" + path) == "unix:" + path)
        unlink(path)
        let relay = try Relay(to: .tcp(port: 1), at: path)
        #expect(try chosen() == relay.address)
    }
}
