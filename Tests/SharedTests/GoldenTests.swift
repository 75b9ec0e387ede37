import Shared
import TestSupport
import Testing

/// The JSON of each value. A released literal is never changed; members may be added.
@Suite struct GoldenTests {
    private func survives<Value: JSONReadable & JSONWritable & Equatable>(_ type: Value.Type, _ text: String) throws {
        let value = try Value(json: Array(text.utf8), unknownMembers: .rejected)
        #expect(String(decoding: value.json, as: UTF8.self) == text)
        // A newer daemon may send more members.
        let more = text.dropLast() + #","from_the_future":[1]}"#
        #expect(try Value(json: Array(more.utf8), unknownMembers: .ignored) == value)
        let error = #expect(throws: InvalidFields.self) {
            try Value(json: Array(more.utf8), unknownMembers: .rejected)
        }
        #expect(error?.errors.map(\.field) == ["from_the_future"])
        // A value that is not an object is refused.
        #expect(throws: InvalidFields.self) { try Value(json: Array("[]".utf8), unknownMembers: .ignored) }
    }

    static let author =
        #"{"id":7,"name":"N","book":"B","country":"C","booker_prize":true,"created_at":"2026-11-23T18:04:02.123Z","updated_at":"2026-11-23T18:04:03.000Z","version":2}"#

    @Test func authors() throws {
        try survives(Author.self, Self.author)
        try survives(AuthorDraft.self, #"{"name":"N","book":"B","country":"C","booker_prize":false}"#)
        try survives(AuthorPatch.self, #"{"name":"N","book":"B","country":"C","booker_prize":true}"#)
        try survives(AuthorReply.self, #"{"message":"new author created","author":\#(Self.author)}"#)
        try survives(AuthorPage.self, #"{"list_of_authors":[\#(Self.author),\#(Self.author)],"next":"x"}"#)
        try survives(AuthorPage.self, #"{"list_of_authors":[],"next":null}"#)
    }

    @Test func events() throws {
        let author = Self.author.dropFirst()
        try survives(
            AuthorEvent.self, #"{"event_id":"E-17","event":"updated","at":"2026-11-23T18:04:04.000Z",\#(author)"#)
    }

    @Test func bulkResults() throws {
        try survives(BulkResult.self, #"{"line":1,"outcome":"created","id":7}"#)
        try survives(
            BulkResult.self,
            #"{"line":2,"outcome":"failed","code":"author_exists","message":"m","existing_id":7}"#)
        try survives(BulkResult.self, #"{"line":3,"outcome":"an_outcome_from_the_future"}"#)
    }

    @Test func accounts() throws {
        try survives(Registration.self, #"{"name":"ada","password":"correct horse"}"#)
        try survives(
            Registered.self, #"{"message":"registered successfully","public_id":"p","name":"ada","admin":false}"#)
        try survives(
            Login.self,
            #"{"token":"t","token_type":"Bearer","expires_in":1800,"expires_at":"2026-11-23T18:04:02.123Z","refresh_token":"r","refresh_expires_at":"2026-12-23T18:04:02.123Z"}"#
        )
        try survives(
            Login.self,
            #"{"token":"t","token_type":"Bearer","expires_in":1800,"expires_at":"2026-11-23T18:04:02.123Z","refresh_token":"r","refresh_expires_at":"2026-12-23T18:04:02.123Z","daemon":"d","public_id":"p","proof_key":"k"}"#
        )
        try survives(ProofRequest.self, #"{"user":"p","nonce":"n"}"#)
        try survives(Proof.self, #"{"daemon":"d","proof":"x"}"#)
        try survives(RefreshRequest.self, #"{"refresh_token":"r"}"#)
        let user =
            #"{"public_id":"p","name":"ada","admin":true,"disabled":false,"created_at":"2026-11-23T18:04:02.123Z","authors":3}"#
        try survives(User.self, user)
        try survives(UserList.self, #"{"users":[\#(user)]}"#)
        try survives(UserPatch.self, #"{"admin":true,"disabled":false}"#)
        try survives(PasswordChange.self, #"{"current_password":"c","new_password":"n"}"#)
        let session =
            #"{"id":"s","created_at":"2026-11-23T18:04:02.123Z","last_used_at":"2026-11-23T18:04:03.000Z","expires_at":"2026-12-23T18:04:02.123Z","client":"libctl/1","current":true}"#
        try survives(LoginSession.self, session)
        try survives(LoginSessionList.self, #"{"sessions":[\#(session)]}"#)
    }

    @Test func healthAndProblems() throws {
        try survives(Health.self, #"{"status":"ok"}"#)
        try survives(FieldError.self, #"{"field":"name","code":"empty","message":"must not be empty"}"#)
        try survives(
            Problem.self,
            #"{"type":"about:blank","title":"Conflict","status":409,"detail":"d","code":"a_code_from_the_future","message":"m","request_id":"r","errors":[{"field":"f","code":"c","message":"m"}],"existing_id":5}"#
        )
        try survives(
            Problem.self,
            #"{"type":"about:blank","title":"Not Found","status":404,"detail":"d","code":"not_found","message":"m","request_id":"r"}"#
        )
    }

    @Test func allFaultsAreToldAtOnce() {
        let error = #expect(throws: InvalidFields.self) {
            try AuthorDraft(
                json: Array(#"{"name":1,"contry":"x","booker_prize":"yes"}"#.utf8), unknownMembers: .rejected)
        }
        #expect(
            error?.errors == [
                FieldError("name", .wrongType, "must be a string"), FieldError("book", .required, "is required"),
                FieldError("country", .required, "is required"),
                FieldError("booker_prize", .wrongType, "must be true or false"),
                FieldError("contry", .unknownField, "is not a member of this object; did you mean 'country'?"),
            ])
    }

    @Test func faultsInsideAreNamedByTheirPath() {
        let error = #expect(throws: InvalidFields.self) {
            try AuthorPage(json: Array(#"{"list_of_authors":[{}],"next":null}"#.utf8), unknownMembers: .ignored)
        }
        #expect(error?.errors.first?.field == "list_of_authors[0].id")
    }

    @Test func theCatalogueIsWhole() {
        let routes = Endpoints.all.map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(routes).count == 34)
        #expect(Endpoints.author.path(5) == "/authors/5")
        #expect(Endpoints.createAuthor.isRepeatable && Endpoints.authors.isRepeatable)
        #expect(!Endpoints.logout.isRepeatable && !Endpoints.deleteAuthor.isRepeatable)
        #expect(Endpoints.endSession.path("../x") == "/sessions/..%2Fx")
    }
}
