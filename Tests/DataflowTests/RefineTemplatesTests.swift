import Dataflow
import DataflowTesting
import Operators
import Testing

@Suite("refine")
struct RefineTemplatesTests {
  private static let input = Schema([("service", .bytes), ("shape", .bytes), ("template", .bytes)])

  private static func plan(limit: Int64 = 2_048) throws -> PlannedOperator {
    try RefineTemplates.type.plan(Config(["limit": .int(limit)]), input)
  }

  /// A shape id that stands for the template; the operator does not care how it is made.
  private static func shape(_ template: String) -> String {
    var hasher = KeyHasher()
    for byte in template.utf8 { hasher.combine(UInt64(byte)) }
    let hash = hasher.finish()
    let digits = { (word: UInt64) in String(repeating: "0", count: 16 - String(word, radix: 16).count) + String(word, radix: 16) }
    return digits(hash.high) + digits(hash.low)
  }

  private static func row(_ service: String?, _ template: String) -> TestRow {
    TestRow(0, [service.map { .text($0) } ?? .null, .text(shape(template)), .text(template)])
  }

  private static func fields(_ row: String) -> [String: String] {
    Dictionary(
      row.split(separator: "|").compactMap { part in
        let pair = part.split(separator: "=", maxSplits: 1)
        return pair.count == 2 ? (String(pair[0]), String(pair[1])) : nil
      }, uniquingKeysWith: { first, _ in first })
  }

  @Test("the same rows come out however the input is cut, restarted and rescaled", arguments: 0..<10)
  func conformance(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let names = ["bob", "eve", "mia", "sam", "kim", "a.b.C", "a.b.D", "<num>", "<id>"]
    let rows = (0..<random.int(1...200)).map { _ in
      let name = names[random.int(0...names.count - 1)]
      let other = names[random.int(0...names.count - 1)]
      let template = ["no such user \(name) on \(other)", "disk \(name) is full", "bye"][random.int(0...2)]
      return random.chance(0.05)
        ? TestRow(0, [.text("s"), .null, .null]) : Self.row(random.chance(0.1) ? nil : "s\(random.int(0...4))", template)
    }
    let problems = try OperatorConformance.problems(try Self.plan(), input: Self.input, rows: rows, watermarks: [1], seed: UInt64(seed))
    #expect(problems == [], "seed \(seed)")
  }

  @Test("rows come out when something changes: new shapes, shapes with another fingerprint, fingerprints that are no more")
  func changes() throws {
    let driver = try OperatorDriver(try Self.plan(), input: Self.input)
    try driver.send([Self.row("s", "no such user bob"), Self.row("s", "no such user eve")])
    #expect(driver.rows.isEmpty)
    try driver.watermark(1)
    let first = driver.rows.map(Self.fields)
    #expect(first.map { $0["template"] }.sorted { ($0 ?? "") < ($1 ?? "") } == ["no such user bob", "no such user eve"])
    // Nothing new: nothing to say.
    try driver.send([Self.row("s", "no such user bob")])
    try driver.tick(1)
    #expect(driver.rows.count == 2)
    // A third name makes a variable of the place: three shapes and two fingerprints that are no more.
    try driver.send([Self.row("s", "no such user mia")])
    try driver.checkpoint()
    try driver.restart(subtasks: 1)
    try driver.tick(2)
    let second = driver.rows.dropFirst(2).map(Self.fields)
    #expect(second.count == 5)
    #expect(Set(second.map { $0["template"] }) == ["no such user <*>"] && Set(second.map { $0["fingerprint"] }).count == 1)
    let expected = ["bob", "eve", "mia"].map { Self.shape("no such user \($0)") } + first.map { $0["fingerprint"] ?? "" }
    #expect(Set(second.map { $0["shape"] ?? "" }) == Set(expected))
    #expect(Set(second.map { $0["revision"] }) == ["2"] && Set(first.map { $0["revision"] }) == ["1"])
  }

  @Test("whoever keeps the last row of each shape ends where a run over everything does, at any time", arguments: 0..<12)
  func following(seed: Int) throws {
    var random = SeededRandom(UInt64(seed) &+ 500)
    let words = [
      "disk", "user", "was", "not", "found", "bob", "eve", "mia", "<num>", "<id>", "a.b.C", "a_b", "on", "host", "today", "at", "once",
    ]
    let plan = try Self.plan()
    let driver = try OperatorDriver(plan, input: Self.input)
    var sent: [TestRow] = []
    var seen = 0
    var last: [String: String] = [:]
    for step in 0..<25 {
      let rows = (0..<random.int(1...12)).map { _ in
        Self.row("s", (["the"] + (0..<random.int(3...7)).map { _ in words[random.int(0...words.count - 1)] }).joined(separator: " "))
      }
      sent += rows
      try driver.send(rows)
      try driver.watermark(Int64(step))
      for row in driver.rows.dropFirst(seen).map(Self.fields) { last[row["shape"] ?? ""] = row["fingerprint"] }
      seen = driver.rows.count
      let whole = try OperatorDriver(plan, input: Self.input)
      for start in stride(from: 0, to: sent.count, by: 500) { try whole.send(Array(sent[start..<min(start + 500, sent.count)])) }
      try whole.endOfInput()
      for row in whole.rows.map(Self.fields) {
        var at = row["shape"] ?? ""
        var steps = 0
        while let next = last[at], next != at, steps < 100 {
          at = next
          steps += 1
        }
        #expect(at == row["fingerprint"], "seed \(seed), step \(step), \(row["template"] ?? "")")
      }
    }
  }

  @Test("shapes that are not kept get the template that covers them")
  func overflow() throws {
    let driver = try OperatorDriver(try Self.plan(limit: 8), input: Self.input)
    let letters = Array("abcdefghijklmnopqrst")
    let templates = letters.map { "no such user \(String($0))xy here today" }
    try driver.send(templates.map { Self.row("s", $0) })
    try driver.endOfInput()
    let last = driver.rows.map(Self.fields)
    #expect(Set(last.compactMap { $0["shape"] }) == Set(templates.map(Self.shape)))
    #expect(Set(last.map { $0["template"] }) == ["no such user <*> here today"])
  }

  @Test("what is no shape fails, and says why")
  func invalidShape() throws {
    let driver = try OperatorDriver(try Self.plan(), input: Self.input)
    try driver.send([TestRow(0, [.text("s"), .text("nonsense"), .text("x")])])
    try driver.endOfInput()
    #expect(driver.rows.isEmpty && driver.rows(of: .errors).count == 1 && driver.counters.imbalance == 0)
  }
}
