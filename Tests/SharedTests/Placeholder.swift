import Testing
@Test func placeholderSharedTests() {}
