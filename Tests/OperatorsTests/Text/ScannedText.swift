import Dataflow
import Operators

/// Everything a scanner says about one text, copied out.
struct ScannedText {
  let shape: KeyHash
  let spans: [PIISpan]
  let redacted: [UInt8]
  let template: String
  private let bytes: [UInt8]

  var redactedText: String { String(decoding: redacted, as: UTF8.self) }

  init(_ text: String, _ scanner: TextScanner = TextScanner()) {
    self.init(Array(text.utf8), scanner)
  }

  init(_ bytes: [UInt8], _ scanner: TextScanner = TextScanner()) {
    self = bytes.withUnsafeBufferPointer { ScannedText($0, scanner) }
  }

  init(_ buffer: UnsafeBufferPointer<UInt8>, _ scanner: TextScanner) {
    bytes = Array(buffer)
    precondition(scanner.scan(buffer), "could not redact \(String(decoding: buffer, as: UTF8.self))")
    shape = scanner.shape
    spans = Array(scanner.spans)
    redacted = [UInt8](unsafeUninitializedCapacity: scanner.redactedCount) { target, count in
      count = scanner.redactedCount
      if count > 0, let base = target.baseAddress { scanner.writeRedacted(to: base) }
    }
    template = String(decoding: scanner.template(), as: UTF8.self)
  }

  /// `email:bob@example.com` and so on.
  var findings: [String] {
    spans.map { "\($0.type.name):\(String(decoding: bytes[Int($0.start)..<Int($0.end)], as: UTF8.self))" }
  }
}

/// Strings made of the pieces that recognisers fight over.
struct HostilePieces {
  private var random: SplitMix
  init(seed: UInt64) { random = SplitMix(seed: seed) }

  private static let pieces = [
    " ", " ", " ", "  ", ":", ": ", "=", "/", "//", "://", "@", "<", ">", "\\", "\"", "'", ",", ";", ".", "..", "-", "--", "_", "(", ")",
    "[",
    "]", "{", "}", "+", "%", "#", "&", "?", "\n", "\t", "\0", "é", "登录", "µs", "1", "12", "123", "1234", "0", "00", "0x", "ff", "deadbeef",
    "a", "b:c", "word", "Word", "WORD", "true", "null", "eth0", "node-12", "blk_-123", "10.1.2.3", "127.0.0.1", "300.1.2.3", ":8080", "::",
    "::1",
    "fe80::1ff:fe23:4567:890a", "2001:db8::42", "3c:5a:b4:11:22:9f", "00-1B-44-11-3A-B7", "a@b.com", "bob.x@mail.example.org",
    "git@github.com",
    "user@1000.service", "@", ".com", "http://", "https://u:p@h/", "s3://b/k", "/var/log/x", "C:\\x\\y", "\\\\h\\s", "?a=1&b=2",
    "2025-12-02", "2025-12-02T05:04:10.123Z", "05:04:10", "Nov  3 ", "Nov", "Fri ", "1994 ", "12ms", "1h30m", "512MB", "41C", "1.5", "-17",
    "+5",
    "415-555-0199", "(212) 555-0187", "+1 415 555 0132", "+442079460958", "4111 1111 1111 1111", "4111111111111111", "5146-1113-9309-5590",
    "512-44-9021", "DE89370400440532013000", "NL91 ABNA 0417 1643 00", "password=", "password: ", "pwd=x1", "\"pwd\":\"", "pin=1234",
    "secret=",
    "api_key: ", "token=", "phone=", "ssn:", "iban=", "dob=", "name=", "patient: ", "customer_name=", "Maria Gonzalez", "John Q. Smith",
    "for ", "user ", " from ", "msg=\"", "<*>", "Authorization: ", "Bearer ", "Basic ", "Token ", "YWRtaW46UGE1NXdvcmQ=",
    "mpBFXlNPHcSke4R1J+dBi2ewQr8t4/lC4LvGNWAM",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEAmhr7jmPY72T3AVbfzx06UVZy",
    "-----END RSA PRIVATE KEY-----", "<email>", "<ip>", "<num>", "<phone>", "<card>", "<nothing>", "<credentials>", "version ",
    "upgrade from ",
    "6f1ed002-ab8d-4c1c-9f3b-0d2c4a5e6f70", "b4a95db3ea22dfe9029629fa947bab3a", "com.acme.Cache@7f31245a",
  ]

  mutating func text() -> String {
    var text = ""
    for _ in 0..<(1 + Int(random.next() % 12)) { text += Self.pieces[Int(random.next() % UInt64(Self.pieces.count))] }
    return text
  }
}
