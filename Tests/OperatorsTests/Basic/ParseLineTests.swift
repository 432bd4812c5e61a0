import Dataflow
import Operators
import Testing

@Suite("parse-line")
struct ParseLineTests {
  typealias Cell = BasicHarness.Cell
  static let schema = Schema([("line", .bytes)])
  /// 2026-03-10T00:00:00Z
  static let now: Int64 = 1_773_100_800 * 1_000_000_000

  static func harness(
    _ options: [String: Config.Value] = [:], splits: [String] = ["/var/log/app.log"], restore: StateReader? = nil, now: Int64 = now
  ) throws -> BasicHarness {
    let table = SplitTable()
    for name in splits { _ = table.register(name) }
    return try BasicHarness(ParseLine.type, Config(options), input: schema, now: now, splits: table, restore: restore)
  }

  /// `2026-01-02T03:04:05` and so on as nanoseconds, by way of `filter`'s own constants being checked elsewhere: days are counted one by one.
  static func nanoseconds(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0, _ rest: Int64 = 0)
    -> Int64
  {
    func isLeap(_ year: Int) -> Bool { (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 }
    var days = 0
    for y in 1970..<year { days += isLeap(y) ? 366 : 365 }
    let months = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    days += months[..<(month - 1)].reduce(0, +) + day - 1
    return Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000 + rest
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let line: String
    let time: Int64
    let severity: String
    let service: String
    let message: String
    var split = "/var/log/app.log"
    var testDescription: String { line }
  }

  static let t = nanoseconds(2026, 1, 2, 3, 4, 5)
  static let half = t + 500_000_000
  static let cases = [
    // A time, perhaps a level.
    Case(line: "2026-01-02T03:04:05Z INFO started", time: t, severity: "INFO", service: "app", message: "started"),
    Case(line: "2026-01-02 03:04:05.5 [WARN] disk is full", time: half, severity: "WARN", service: "app", message: "disk is full"),
    Case(line: "2026-01-02 03:04:05,500 - ERROR - boom", time: half, severity: "ERROR", service: "app", message: "boom"),
    Case(line: "[2026-01-02T04:04:05+01:00] debug: x", time: t, severity: "DEBUG", service: "app", message: "x"),
    Case(line: "2026-01-02T03:04:05.500000000Z | FATAL | gone", time: half, severity: "FATAL", service: "app", message: "gone"),
    Case(line: "2026-01-01T22:04:05-0500 plain words", time: t, severity: "INFO", service: "app", message: "plain words"),
    Case(
      line: "2026-01-02 03:04:05 error opening file", time: t, severity: "ERROR", service: "app", message: "error opening file"),
    Case(line: "2026-01-02 03:04:05 UTC Critical: hot", time: t, severity: "FATAL", service: "app", message: "hot"),
    Case(
      line: #"time="2026-01-02T03:04:05Z" level=warning msg="slow""#, time: t, severity: "WARN", service: "app", message: #"msg="slow""#),
    Case(line: "2026-01-02 03:04:05", time: t, severity: "INFO", service: "app", message: ""),
    Case(line: "2026-01-02 03:04:05 -5 items left", time: t, severity: "INFO", service: "app", message: "-5 items left"),
    // Syslog.
    Case(
      line: "Jan  2 03:04:05 web1 sshd[812]: Failed password for root", time: t, severity: "ERROR", service: "sshd",
      message: "Failed password for root", split: "/var/log/auth.log"),
    Case(
      line: "<30>Jan  2 03:04:05 web1 systemd[1]: Started Session 4.", time: t, severity: "INFO", service: "systemd",
      message: "Started Session 4."),
    Case(line: "<11>Jan 2 03:04:05 web1 postfix/smtpd[9]: hello", time: t, severity: "ERROR", service: "postfix/smtpd", message: "hello"),
    Case(
      line: "Jan  2 03:04:05 last message repeated 2 times", time: t, severity: "INFO", service: "syslog",
      message: "last message repeated 2 times", split: "/var/log/syslog.1"),
    Case(
      line: "2026-01-02T03:04:05.500000+00:00 web1 kernel: EXT4-fs error (device sda1)", time: half, severity: "ERROR", service: "kernel",
      message: "EXT4-fs error (device sda1)"),
    Case(
      line: #"<165>1 2026-01-02T03:04:05Z host evntslog - ID47 [ex@1 a="x\]y"][b c="d"] An event"#, time: t, severity: "INFO",
      service: "evntslog", message: "An event"),
    Case(line: "<34>1 2026-01-02T03:04:05Z h su - ID47 - root shell", time: t, severity: "FATAL", service: "su", message: "root shell"),
    // Packages.
    Case(
      line: "2026-01-02 03:04:05 status installed libgpg-error0:amd64 1.46-1", time: t, severity: "INFO", service: "dpkg",
      message: "status installed libgpg-error0:amd64 1.46-1", split: "/var/log/dpkg.log.2.gz"),
    Case(
      line: "Start-Date: 2026-01-02  03:04:05", time: t, severity: "INFO", service: "apt", message: "Start-Date: 2026-01-02  03:04:05",
      split: "/var/log/apt/history.log"),
    Case(
      line: "Log started: 2026-01-02  03:04:05", time: t, severity: "INFO", service: "apt", message: "Log started: 2026-01-02  03:04:05",
      split: "/var/log/apt/term.log"),
    Case(
      line: "update-alternatives 2026-01-02 03:04:05: link group vi updated", time: t, severity: "INFO", service: "update-alternatives",
      message: "link group vi updated", split: "/var/log/alternatives.log"),
    // Servers.
    Case(
      line: #"192.0.2.7 - bo [02/Jan/2026:04:04:05 +0100] "GET /a\"b HTTP/1.1" 503 12 "-" "curl""#, time: t, severity: "ERROR",
      service: "nginx", message: #""GET /a\"b HTTP/1.1" 503 12 "-" "curl""#, split: "/var/log/nginx/access.log"),
    Case(
      line: #"2001:db8::1 - - [02/Jan/2026:03:04:05 +0000] "POST / HTTP/2" 404 0"#, time: t, severity: "WARN", service: "apache2",
      message: #""POST / HTTP/2" 404 0"#, split: "/var/log/apache2/access.log-20260103.gz"),
    Case(
      line: #"::1 - - [02/Jan/2026:03:04:05 +0000] "-" 200 0"#, time: t, severity: "INFO", service: "other_vhosts_access",
      message: #""-" 200 0"#, split: "/var/log/apache2/other_vhosts_access.log"),
    Case(
      line: "2026/01/02 03:04:05 [crit] 7#7: *1 open() failed", time: t, severity: "FATAL", service: "nginx",
      message: "7#7: *1 open() failed", split: "/var/log/nginx/error.log"),
    Case(
      line: "[Fri Jan 02 03:04:05.500000 2026] [core:warn] [pid 4:tid 5] [client 192.0.2.1:7] AH00128: File does not exist", time: half,
      severity: "WARN", service: "apache2", message: "AH00128: File does not exist", split: "/var/log/apache2/error.log"),
    Case(
      line: "2026-01-02 04:04:05.500 CET [123] app@shop ERROR:  relation \"x\" does not exist", time: half, severity: "ERROR",
      service: "postgresql-15-main", message: "relation \"x\" does not exist", split: "/var/log/postgresql/postgresql-15-main.log"),
    Case(
      line: "2026-01-02 03:04:05.500 UTC [1] LOG:  database system is ready", time: half, severity: "INFO", service: "postgresql-15-main",
      message: "database system is ready", split: "/var/log/postgresql/postgresql-15-main.log"),
    // Words.
    Case(
      line: "2026-01-02 03:04:05 java.lang.NullPointerException: x", time: t, severity: "ERROR", service: "app",
      message: "java.lang.NullPointerException: x"),
    Case(line: "2026-01-02 03:04:05 done, 0 errors", time: t, severity: "INFO", service: "app", message: "done, 0 errors"),
    Case(line: "2026-01-02 03:04:05 no error found", time: t, severity: "INFO", service: "app", message: "no error found"),
    Case(line: "2026-01-02 03:04:05 warning, then panic!", time: t, severity: "FATAL", service: "app", message: "warning, then panic!"),
    Case(line: "2026-01-02 03:04:05 größer als 日本 ✓\r", time: t, severity: "INFO", service: "app", message: "größer als 日本 ✓"),
  ]

  @Test("each kind of line gives time, severity, service and message", arguments: cases)
  func kinds(_ expected: Case) throws {
    let harness = try Self.harness(splits: [expected.split])
    try harness.send([[.text(expected.line)]], offsets: [4711])
    let row = try #require(harness.output.rows.first)
    #expect(row["time"] == .int(expected.time))
    #expect(harness.output.times == [expected.time])
    #expect(row["severity"] == .text(expected.severity))
    #expect(row["service"] == .text(expected.service))
    #expect(row["message"] == .text(expected.message))
    #expect(row["environment"] == "local")
    #expect(row["event_id"] == .text("\(expected.split):4711"))
    #expect(harness.leftOver == 0)
  }

  @Test("of a line that overwrites itself the last state is the message")
  func overwritten() throws {
    let harness = try Self.harness()
    try harness.send([["(Reading ... \r(Reading ... 5%\r (Reading ... 6089 files\r"], ["2026-01-02 03:04:05 a\rb"]])
    #expect(harness.output.rows.map { $0["message"] } == ["(Reading ... 6089 files", "a\rb"])
  }

  @Test(
    "a file's name says whose lines are in it",
    arguments: [
      ("file:/var/log/dpkg.log", "dpkg"), ("file:/var/log/apt/term.log@2", "apt"), ("file:logs/big.log.gz#3/12", "big"),
      ("file:/var/log/nginx/access.log@1#0/4", "nginx"), ("file:/var/log/error.log", "error"), ("file:app", "app"), ("", "unknown"),
      ("file:.log", ".log"), ("file:/srv/billing/stdout", "billing"), ("file:a@b.log", "a@b"), ("file:/var/log/x-20260102.gz", "x"),
      ("shop-1-of-4", "shop-1-of-4"),
    ])
  func names(_ split: String, _ service: String) throws {
    let harness = try Self.harness(splits: [split])
    try harness.send([["2026-01-02 03:04:05 a"]])
    #expect(harness.output.rows[0]["service"] == .text(service))
  }

  @Test("times that cannot be are no times")
  func impossible() throws {
    for text in [
      "2026-02-30 03:04:05 x", "2026-13-01 03:04:05 x", "2026-01-02 24:00:00 x", "0001-01-01 00:00:00 x", "Feb 30 03:04:05 h p: x",
    ] {
      let harness = try Self.harness(["unknownTime": .string("error")])
      try harness.send([[.text(text)]])
      #expect(harness.output.errors.map { $0["reason"] } == ["unknown-time"], "\(text)")
      #expect(harness.leftOver == 0)
    }
  }

  @Test("a line without a time has that of the line before it; those before the first have the first's; blank lines are filtered")
  func fileOrder() throws {
    let harness = try Self.harness()
    try harness.send([
      ["no time yet"], [""], ["2026-01-02 03:04:05 a"], ["\tat Foo.java:4"], [" \r"], ["2026-01-02 03:04:06 b"], ["tail"], [.null],
    ])
    let t = Self.t
    #expect(harness.output.times == [t, t, t, t + 1_000_000_000, t + 1_000_000_000])
    #expect(harness.output.rows.map { $0["time"] } == harness.output.times.map { .int($0) })
    #expect(harness.output.rows.map { $0["message"] } == ["no time yet", "a", "at Foo.java:4", "b", "tail"])
    #expect(harness.output.counters.filtered == 2)
    #expect(harness.output.errors.map { $0["reason"] } == ["null-line"])
    #expect(harness.leftOver == 0)
    try harness.send([["still the last"]])
    #expect(harness.output.times.last == t + 1_000_000_000)
  }

  @Test("a file that never says a time has the moment at which it was first seen; each split has a clock of its own")
  func noTimeAtAll() throws {
    let harness = try Self.harness(splits: ["a", "b"])
    try harness.send([["2026-01-02 03:04:05 x"]], split: 0)
    try harness.send([["nothing"], ["here"]], split: 1)
    try harness.send([["continued"]], split: 0)
    #expect(harness.output.times == [Self.t, Self.now, Self.now, Self.t])
  }

  @Test("a time without a year is in the past of the reference at first, then near to the line before it, over New Year too")
  func years() throws {
    let harness = try Self.harness()
    try harness.send([["Dec 31 23:59:59 h p: x"], ["Jan  1 00:00:01 h p: y"], ["Mar 11 00:00:00 h p: z"]])
    #expect(
      harness.output.times == [
        Self.nanoseconds(2025, 12, 31, 23, 59, 59), Self.nanoseconds(2026, 1, 1, 0, 0, 1), Self.nanoseconds(2026, 3, 11),
      ])
    let leap = try Self.harness(["referenceTime": .string("2026-01-01T00:00:00Z")])
    try leap.send([["Feb 29 12:00:00 h p: x"]])
    #expect(leap.output.times == [Self.nanoseconds(2026, 1, 1)], "there was no such day in 2025 or 2026, so the line says no time")
  }

  @Test("options: service, environment, zone")
  func options() throws {
    let harness = try Self.harness(["service": .string("billing"), "environment": .string("prod"), "utcOffset": .string("-02:30")])
    try harness.send([["Jan  2 03:04:05 h sshd[1]: x"]])
    #expect(harness.output.rows[0]["service"] == "billing" && harness.output.rows[0]["environment"] == "prod")
    #expect(harness.output.times == [Self.t + 9_000 * 1_000_000_000])
    #expect(throws: Diagnostic.self) { try ParseLine.type.plan(Config(["utcOffset": .string("east")]), Self.schema) }
    #expect(throws: Diagnostic.self) { try ParseLine.type.plan(Config(["referenceTime": .string("now")]), Self.schema) }
    #expect(throws: Diagnostic.self) { try ParseLine.type.plan(Config(["field": .string("lien")]), Self.schema) }
    #expect(throws: Diagnostic.self) { try ParseLine.type.plan(Config([:]), Schema([("line", .int64)])) }
  }

  @Test("other fields of the input stay, the line goes")
  func otherFields() throws {
    let harness = try BasicHarness(
      ParseLine.type, Config(), input: Schema([("file", .bytes), ("line", .bytes), ("service", .int64)]), now: Self.now)
    try harness.send([["f", "2026-01-02 03:04:05 x", 4]])
    #expect(harness.output.rows[0]["file"] == "f" && harness.output.rows[0]["line"] == nil && harness.output.rows[0]["service"] == "?")
  }

  // MARK: State

  static func state(_ harness: BasicHarness) throws -> [String: [UInt8]] {
    var builder = SnapshotBuilder()
    try harness.tested.snapshot(&builder)
    var sections: [String: [UInt8]] = [:]
    for section in builder.sections {
      if case .bytes(let bytes) = section.content { sections[section.name] = bytes }
    }
    return sections
  }

  @Test("a restored operator goes on as if nothing had happened, also with splits shared out anew and clocks of splits not read since")
  func restore() throws {
    let names = ["a", "b", "c"]
    let first = try Self.harness(splits: names)
    let second = try Self.harness(splits: names)
    try first.send([["Nov  2 03:04:05 h p: x"]], split: 0, offsets: [10])
    try second.send([["2024-05-06 00:00:00 x"]], split: 1, offsets: [5])
    try second.send([["nothing yet"]], split: 2, offsets: [0])
    // First restore: both states go to one operator, a day later; it reads on in b only.
    let later = Self.now + 86_400 * 1_000_000_000
    let one = try Self.harness(
      splits: names, restore: StateReader(subtasks: [try Self.state(first), try Self.state(second)]), now: later)
    try one.send([["tail"], ["2024-05-06 00:00:01 y"]], split: 1, offsets: [30, 35])
    // Second restore: the stale clock of b that the first subtask might still hold loses against the newer one.
    let again = StateReader(subtasks: [try Self.state(one), try Self.state(second)])
    let two = try Self.harness(splits: names, restore: again, now: later)
    try two.send([["Jan  5 00:00:00 h p: next year"]], split: 0, offsets: [40])
    try two.send([["tail"]], split: 1, offsets: [60])
    try two.send([["still nothing"]], split: 2, offsets: [12])
    #expect(one.output.times == [Self.nanoseconds(2024, 5, 6), Self.nanoseconds(2024, 5, 6, 0, 0, 1)])
    #expect(two.output.times == [Self.nanoseconds(2026, 1, 5), Self.nanoseconds(2024, 5, 6, 0, 0, 1), Self.now])
  }

  @Test("state of an unknown format is refused, whatever the bytes are")
  func damagedState() throws {
    let harness = try Self.harness()
    try harness.send([["2026-01-02 03:04:05 x"]])
    let good = try #require(try Self.state(harness)["clocks"])
    for cut in 0..<good.count where cut != 1 {
      #expect(throws: (any Error).self, "cut at \(cut)") {
        try Self.harness(restore: StateReader(subtasks: [["clocks": Array(good[..<cut])]]))
      }
    }
    #expect(throws: (any Error).self) { try Self.harness(restore: StateReader(subtasks: [["clocks": [9] + good.dropFirst()]])) }
  }

  @Test("a batch cut anywhere gives the same records, once the split has said a time")
  func cuts() throws {
    let lines: [[Cell]] = [
      ["2026-01-02 03:04:05 a"], ["b"], ["Jan  3 00:00:00 h p: c"], [""], ["d"], ["2026-01-04 00:00:00 e"], ["f"],
    ]
    let whole = try Self.harness()
    try whole.send(lines)
    for cut in 1..<lines.count {
      let parts = try Self.harness()
      try parts.send(Array(lines[..<cut]), offsets: (0..<Int64(cut)).map { $0 })
      let moved = try Self.harness(restore: StateReader(subtasks: [try Self.state(parts)]), now: Self.now + 1)
      try moved.send(Array(lines[cut...]), offsets: (Int64(cut)..<Int64(lines.count)).map { $0 })
      #expect(parts.output.rows + moved.output.rows == whole.output.rows)
    }
  }

  // MARK: Hostile input

  @Test("cut, damaged and random lines are records too: nothing is lost, nothing crashes", arguments: 1...50 as ClosedRange<UInt64>)
  func hostile(_ seed: UInt64) throws {
    var random = BasicRandom(state: seed)
    let pieces = Self.cases.map(\.line) + ["<", "<999>", "[", "]", "2026-", "Jan", "\u{0}", "\"", "time=\"", "level=", "[[[[", "日"]
    let harness = try Self.harness()
    let rows: [[Cell]] = (0..<400).map { _ in
      var bytes = Array((pieces.randomElement(using: &random) ?? "").utf8)
      for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...127, using: &random)
        case 1: bytes.removeSubrange(at...)
        default: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: at)
        }
      }
      return [.text(String(decoding: bytes, as: UTF8.self))]
    }
    try harness.send(rows)
    #expect(harness.leftOver == 0, "seed \(seed)")
    #expect(harness.output.counters.errors == 0)
    #expect(harness.output.times.allSatisfy { $0 > 0 })
  }
}
