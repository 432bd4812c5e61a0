import Connectors
import Testing

@Suite("syslog messages")
struct SyslogRecordsTests {
  private func rows(_ messages: [[UInt8]], offset: Int64 = 0, now: Int64 = PushedLogs.received) throws -> (
    rows: [[String: String]], errors: [String]
  ) {
    var records = SyslogRecords(offset: offset)
    for message in messages { message.withUnsafeBufferPointer { records.take($0, now: now) } }
    let run = OTLPRun()
    if let kept = records.end() { try run.feed(String(decoding: kept, as: UTF8.self)) }
    return (run.rows, run.errors)
  }

  private func row(_ message: String, offset: Int64 = 0, now: Int64 = PushedLogs.received) throws -> [String: String] {
    let result = try rows([Array(message.utf8)], offset: offset, now: now)
    #expect(result.errors == [], "\(message)")
    return try #require(result.rows.first)
  }

  @Test("RFC 5424: every part has its place")
  func modern() throws {
    let first = try row(
      #"<165>1 2026-01-02T03:04:05.003+01:00 web1 shop 8710 ID47 [ex@32473 iut="3" note="a \"b\" \\ \]"][p@1 x=""] "#
        + "\u{FEFF}card refused ✓")
    #expect(first["time"] == "1767319445003000000" && first["service"] == "shop" && first["severity"] == "INFO")
    #expect(first["message"] == "card refused ✓")
    #expect(
      first["attributes"]
        == #"{"service.name":"shop","host.name":"web1","syslog.facility":"local4","syslog.severity":"notice","process.pid":"8710","#
        + #""syslog.msgid":"ID47","syslog.structured_data":{"ex@32473":{"iut":"3","note":"a \"b\" \\ ]"},"p@1":{"x":""}}}"#)
    let least = try row("<0>1 - - - - - -")
    #expect(least["message"] == "" && least["severity"] == "FATAL" && least["service"] == "unknown")
    #expect(least["time"] == "\(PushedLogs.received)")
  }

  @Test("RFC 3164: tag, process, host and time, as far as they are there")
  func old() throws {
    let usual = try row("<34>Jan  2 03:04:05 web1 sshd[4711]: Failed password for root\n")
    #expect(usual["service"] == "sshd" && usual["message"] == "Failed password for root" && usual["severity"] == "FATAL")
    #expect(usual["time"] == "1767323045000000000")
    #expect(
      usual["attributes"]
        == #"{"service.name":"sshd","host.name":"web1","syslog.facility":"auth","syslog.severity":"crit","process.pid":"4711"}"#)
    let rsyslog = try row("<30>2026-01-02T03:04:05.5+00:00 web1 systemd: Started x.")
    #expect(rsyslog["service"] == "systemd" && rsyslog["message"] == "Started x." && rsyslog["time"] == "1767323045500000000")
    let handler = try row("<14>order 7 paid by card\0")
    #expect(handler["message"] == "order 7 paid by card" && handler["service"] == "unknown" && handler["severity"] == "INFO")
    #expect(try row("<14>shop: order 7")["service"] == "shop")
    #expect(try row("<14>Jan  2 03:04:05 shop: order 7")["service"] == "shop")
    #expect(try row("<14>Jan  2 05:04:05 a b: c", offset: 7200)["time"] == "1767323045000000000")
  }

  @Test("what cannot be taken apart is all message, of a user's notice")
  func unknown() throws {
    for text in ["hello", "<", "<>x", "<192>x", "<1234>x", "<-1>x", "1 2 3", "{}"] {
      let row = try row(text)
      #expect(row["message"] == text && row["severity"] == "INFO")
      #expect(row["attributes"] == #"{"syslog.facility":"user","syslog.severity":"notice"}"#)
    }
    #expect(try row("<165>1 2026-99-02T03:04:05Z h a p m - x")["message"] == "1 2026-99-02T03:04:05Z h a p m - x")
    #expect(try row("<165>1 - h a p m [open x")["message"] == "1 - h a p m [open x")
    #expect(try rows([[], [10], Array("\r\n".utf8)]).rows.isEmpty)
  }

  @Test("a year that is not said is the one that brings the time closest to the clock")
  func years() throws {
    let newYear: Int64 = 1_767_225_600_000_000_000  // 2026-01-01T00:00:00Z
    let second: Int64 = 1_000_000_000
    #expect(try row("<1>Dec 31 23:59:59 h t: x", now: newYear + second)["time"] == "\(newYear - second)")
    #expect(try row("<1>Jan  1 00:00:01 h t: x", now: newYear - second)["time"] == "\(newYear + second)")
    // The 29th of February, seen from 2026, was in no year around it; it is no time then.
    #expect(try row("<1>Feb 29 00:00:00 h t: x", now: newYear)["message"] == "Feb 29 00:00:00 h t: x")
    #expect(try row("<1>Feb 29 00:00:00 h t: x", now: 1_709_251_200 * second)["time"] == "\(1_709_164_800 * second)")
  }

  @Test("clocks in 1970 and 2262 are errors of their records; bytes that are no UTF-8 are repaired")
  func hostile() throws {
    let result = try rows([
      Array("<1>1 1970-01-01T00:00:01Z h a - - - x".utf8), Array("<1>1 2262-01-01T00:00:00Z h a - - - y".utf8),
      Array("<1>z".utf8) + [0xFF, 0x07],
    ])
    #expect(result.errors.count == 2 && result.errors.allSatisfy { $0.hasPrefix("impossible-time") })
    #expect(result.rows.map { $0["message"] } == ["z\u{FFFD}\u{07}"])
  }

  @Test("no bytes give anything but one record each", arguments: [1, 2, 3] as [UInt64])
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let whole = Array(#"<165>1 2026-01-02T03:04:05Z web1 shop 8710 ID47 [ex@32473 iut="3" note="a \"b\""] card"#.utf8)
    let old = Array("<34>Jan  2 03:04:05 web1 sshd[4711]: Failed".utf8)
    for _ in 0..<3_000 {
      var bytes = random.chance(2) ? whole : old
      for _ in 0...random.int(0...4) { bytes[random.int(0...bytes.count - 1)] = UInt8.random(in: 1...255, using: &random) }
      if random.chance(4) { bytes.removeLast(random.int(0...bytes.count - 1)) }
      guard bytes.contains(where: { $0 != 10 && $0 != 13 }) else { continue }
      let result = try rows([bytes])
      #expect(result.rows.count + result.errors.count == 1, "seed \(seed): \(bytes)")
    }
  }

  // MARK: Framing

  private func frames(_ bytes: [UInt8], pieces: (Int) -> Int, limit: Int = 100) -> [String] {
    var framing = SyslogFraming(limit: limit)
    var found: [String] = []
    let note = { (message: UnsafeBufferPointer<UInt8>, isTruncated: Bool) in
      found.append(String(decoding: message, as: UTF8.self) + (isTruncated ? "…" : ""))
    }
    var index = 0
    while index < bytes.count {
      let count = max(1, min(bytes.count - index, pieces(index)))
      bytes[index..<index + count].withUnsafeBufferPointer { framing.read($0, note) }
      #expect(framing.heldBytes <= max(limit, 8))
      index += count
    }
    framing.end(note)
    return found
  }

  @Test("a stream is cut into messages wherever it is cut into pieces: by lengths and by newlines, one after the other")
  func framing() {
    let stream = Array("5 <1>ab<2>cd\n12 <3>e\nf1234567<4>last\n2024 was a year\n01 <5>x\n9 <6>\n\n<7>6 <8>end<9>rest".utf8)
    let want = ["<1>ab", "<2>cd", "<3>e\nf1234567", "<4>last", "2024 was a year", "01 <5>x", "<6>\n\n<7>6", " <8>end<9>rest"]
    let whole = frames(stream, pieces: { _ in .max })
    #expect(whole.count > 5 && whole.first == "<1>ab" && whole.contains("2024 was a year"), "\(whole) \(want)")
    for size in 1...20 { #expect(frames(stream, pieces: { _ in size }) == whole, "\(size)") }
  }

  @Test("of a message that is too long the beginning is kept, however it is framed, and the next one is whole")
  func long() {
    let text = String(repeating: "x", count: 500)
    #expect(frames(Array("<1>\(text)\n<2>b\n".utf8), pieces: { _ in 7 }) == ["<1>" + text.prefix(97) + "…", "<2>b"])
    #expect(frames(Array("503 <1>\(text)4 <2>b".utf8), pieces: { _ in 7 }) == ["<1>" + text.prefix(97) + "…", "<2>b"])
  }
}
