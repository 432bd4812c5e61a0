import Operators
import Testing

/// Texts that are made to take long. Quadratic time would show as a suite that takes minutes.
@Suite("hostile texts")
struct HostileTextTests {
  private static let size = 1 << 16

  @Test(
    "take linear time: repetition without end is nothing special",
    arguments: [
      "a", "1", "1 ", "a1", "a1.", "1a:", "1:", ":", "::", ":::1", "/", "/a", "/a?", "/a?b=/c", "http://", "http://a", "http://u:p@h",
      "a://b:1@",
      "@", "a@", "a1@b.co:", "a@b.c", "a.a@", "=", "==", "a=", "a=b=", "password=", "password=/", "password=\"", "password='a\"", "pwd=a ",
      "secret=",
      "token=aaaaaaaaaaaaaaaaaaaa=", "token:eyJ", ":eyJhbGciOiJIUzI1NiJ9.e30.x", "name=A", "patient:A ", "patient:", "phone=1", "+1", "+1 ",
      "1-",
      "1234 ", "4111 1111 1111 111", "(212) ", "2025-", "10:11:12 ", "Nov 3 ", "10.1.2.", "10.1.2.3-", "/10.1.2.3", "1/10.1.2.3",
      "version 1.2.3.4 ",
      "<", "<ip>", "<password>", "<password>a</password>", "\\", "\\\\a\\", "C:\\a", "-----", "PRIVATE KEY-----1x",
      "PRIVATE KEY-----1x-----END ",
      "Bearer a1b2c3d4 ", "Basic dXNlcjpwYXNz", "GB82WEST1234569876543", "ff:", "00-1B-", "\0", "\u{fffd}", "登录1", "é=", " ", "  ", "\"",
      "{\"a\":",
    ])
  func linear(piece: String) {
    let text = Array(String(repeating: piece, count: Self.size / piece.utf8.count).utf8)
    for prefix in ["", "http://h/"] {
      let scanned = ScannedText(Array(prefix.utf8) + text)
      #expect(scanned.template.utf8.count <= 2048 + 3)
    }
  }

  @Test("any bytes, megabytes of them, are scanned and redacted")
  func huge() {
    var random = SplitMix(seed: 7)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 << 20)
    while bytes.count < 2 << 20 {
      withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
    }
    bytes.append(contentsOf: " mail ann@example.com".utf8)
    let scanned = ScannedText(bytes)
    #expect(scanned.spans.last?.type == .email)
    #expect(scanned.redacted.suffix(7).elementsEqual("<email>".utf8))
  }

  @Test("a megabyte of addresses is redacted one by one")
  func manySpans() {
    let text = String(repeating: "ann@example.com ", count: 65_536)
    let scanned = ScannedText(text)
    #expect(scanned.spans.count == 65_536)
    #expect(scanned.redactedText == String(repeating: "<email> ", count: 65_536))
  }
}
