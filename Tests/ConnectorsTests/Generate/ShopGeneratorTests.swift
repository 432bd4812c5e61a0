import Connectors
import Foundation
import Testing

@Suite("the generated shop")
struct ShopGeneratorTests {
  static let options = ShopOptions(seed: 7, records: 20_000)

  @Test("the same seed gives the same lines, another seed gives others")
  func deterministic() {
    let lines = ShopLines.all(Self.options)
    #expect(lines == ShopLines.all(Self.options))
    let others = ShopLines.all(ShopOptions(seed: 8, records: 20_000))
    #expect(zip(lines, others).allSatisfy { $0 != $1 })
  }

  @Test("the lines of yesterday are the lines of today: a digest of them is fixed")
  func golden() {
    var digest: UInt64 = 14_695_981_039_346_656_037
    for line in ShopLines.all(ShopOptions(seed: 1, records: 2000)) {
      for byte in line + [10] { digest = (digest ^ UInt64(byte)) &* 1_099_511_628_211 }
    }
    #expect(digest == 1_803_997_845_542_004_767)
  }

  @Test(
    "the truth equals a naive count over the lines, window by window",
    arguments: [
      options, ShopOptions(seed: 1, records: 5000), ShopOptions(seed: 99, records: 8000, span: 600_000),
      ShopOptions(seed: 3, records: 3000, lateFraction: 0.2, brokenFraction: 0.3, piiFraction: 0.9),
      ShopOptions(seed: 3, records: 3000, lateFraction: 0, brokenFraction: 0, piiFraction: 0),
      ShopOptions(seed: 5, records: 3000, start: 3_600_000, span: 86_400_000, outOfOrder: 0), ShopOptions(records: 1),
      ShopOptions(records: 0),
    ])
  func truth(_ options: ShopOptions) {
    let truth = ShopTruth(options)
    var naive = ShopLines.NaiveLateness(splits: 1)
    var (accepted, late, broken) = (0, 0, 0)
    var services: [String: Int] = [:]
    var severities: [String: Int] = [:]
    var panes: [String: Int] = [:]
    for line in ShopLines.all(options) {
      guard let reading = ShopLines.Reading(line) else {
        broken += 1
        continue
      }
      if naive.isLate(reading.timestamp, split: 0) {
        late += 1
        continue
      }
      accepted += 1
      services[reading.service, default: 0] += 1
      severities[reading.severity, default: 0] += 1
      panes["\(reading.service) \(Int64((Double(reading.timestamp) / 3_600_000).rounded(.down)) * 3_600_000)", default: 0] += 1
    }
    #expect(truth.records == options.records)
    #expect(truth.broken == broken && truth.late == late && truth.accepted == accepted)
    #expect(truth.accepted + truth.late + truth.broken == truth.records)
    for service in ShopService.allCases { #expect(truth.perService[service] == services[service.name] ?? 0) }
    for severity in ShopSeverity.allCases { #expect(truth.perSeverity[severity] == severities[severity.name] ?? 0) }
    #expect(
      Dictionary(uniqueKeysWithValues: truth.perPane.map { ("\($0.key.service.name) \($0.key.windowStart)", $0.value) }) == panes)
    #expect(truth.broken == truth.perDefect.values.reduce(0, +))
  }

  @Test("parts of the truth add up to the whole")
  func parts() {
    let whole = ShopTruth(Self.options)
    let parts = [0..<1, 1..<777, 777..<13_000, 13_000..<20_000].map { ShopTruth(Self.options, indices: $0) }
    #expect(parts.reduce(0) { $0 + $1.accepted } == whole.accepted)
    #expect(parts.reduce(0) { $0 + $1.late } == whole.late)
    for (pane, count) in whole.perPane { #expect(parts.reduce(0) { $0 + ($1.perPane[pane] ?? 0) } == count) }
  }

  @Test("however the splits interleave, the same records are late", arguments: 1...20 as ClosedRange<UInt64>)
  func interleavings(_ seed: UInt64) {
    let options = ShopOptions(seed: 7, records: 4000, lateFraction: 0.1)
    #expect(ShopTruth.isVerdictCertain(options, maxOutOfOrder: 600_000, window: 3_600_000, allowedLateness: 600_000))
    let readings = ShopLines.all(options).map(ShopLines.Reading.init)
    var random = ShopTestRandom(state: seed)
    let splits = Int.random(in: 1...6, using: &random)
    var next = Array(0..<splits)
    var naive = ShopLines.NaiveLateness(splits: splits)
    var late = 0
    // Every split has shown a record before any has read half: then a split may run to its end while another stands still.
    while let split = next.indices.filter({ next[$0] < readings.count }).randomElement(using: &random) {
      let isBeginning = naive.largest.contains { $0 == nil }
      for _ in 0..<(isBeginning ? 1 : Int.random(in: 1...700, using: &random)) where next[split] < readings.count {
        if let reading = readings[next[split]], naive.isLate(reading.timestamp, split: split) { late += 1 }
        next[split] += splits
      }
    }
    #expect(late == ShopTruth(options).late, "seed \(seed), \(splits) splits")
    #expect(late > 0)
  }

  @Test("a bound, window or lateness that the shop's delays do not fit makes no certain verdict")
  func certainty() {
    let o = ShopOptions(records: 10)
    #expect(!ShopTruth.isVerdictCertain(o, maxOutOfOrder: 60_000, window: 60_000, allowedLateness: 0))
    #expect(!ShopTruth.isVerdictCertain(o, maxOutOfOrder: 120_000, window: 3 * 3_600_000, allowedLateness: 0))
    #expect(ShopTruth.isVerdictCertain(o, maxOutOfOrder: 120_000, window: 3_600_000, allowedLateness: 0))
  }

  @Test("shares are near to what was asked for, and every way to be broken occurs")
  func shares() {
    let truth = ShopTruth(ShopOptions(seed: 2, records: 200_000))
    #expect((1800...2200).contains(truth.broken))
    #expect((500...700).contains(truth.late))
    #expect((9500...10_500).contains(truth.personal))
    for defect in ShopDefect.allCases { #expect((truth.perDefect[defect] ?? 0) > 200) }
    for service in ShopService.allCases { #expect((truth.perService[service] ?? 0) > 2000) }
    for severity in ShopSeverity.allCases { #expect((truth.perSeverity[severity] ?? 0) > 20) }
  }

  @Test("ordinary records are within the bound, late ones hours before the start and only in the second half")
  func delays() {
    let generator = ShopGenerator(ShopOptions(seed: 4, records: 50_000, lateFraction: 0.05))
    for index in 0..<UInt64(50_000) {
      let facts = generator.facts(index)
      let moment = ShopOptions.defaultStart + Int64(index) * 6 * 3_600_000 / 50_000
      if facts.isLate {
        #expect(index >= 25_000)
        #expect(facts.timestamp <= ShopOptions.defaultStart - ShopOptions.lateMargin)
        #expect(facts.timestamp > ShopOptions.defaultStart - 2 * ShopOptions.lateMargin)
      } else {
        #expect((moment - 120_000...moment).contains(facts.timestamp))
      }
    }
  }

  @Test("lines are one line of UTF-8 within the promised length; ids are unique; a journey's lines share a trace and come in order")
  func lines() throws {
    let generator = ShopGenerator(Self.options)
    var ids: Set<String> = []
    var traces: [String: [Int]] = [:]
    var messages: Set<String> = []
    for index in 0..<20_000 {
      let line = ShopLines.bytes(generator, UInt64(index))
      #expect(!line.isEmpty && line.count <= generator.maxLineLength && !line.contains { $0 < 0x20 })
      // A truncated line may end inside of a character; all others are sound.
      if generator.facts(UInt64(index)).defect != .truncated { #expect(String(validating: line, as: UTF8.self) != nil) }
      guard let reading = ShopLines.Reading(line) else { continue }
      #expect(ids.insert(reading.eventID).inserted)
      messages.insert(reading.message)
      if let trace = reading.trace { traces[trace, default: []].append(index) }
    }
    #expect(traces.values.allSatisfy { $0.count <= 8 && $0 == $0.sorted() && Set($0.map { $0 / 64 }).count == 1 })
    #expect(traces.values.contains { $0.count == 8 })
    #expect(messages.count > 15_000)
    #expect(
      messages.contains { $0.contains("日本") } && messages.contains { $0.contains("ö") } && messages.contains { $0.contains("\n\tat ") })
  }

  @Test("the payment provider fails for a while: errors of payments and checkout stand in one stretch of time")
  func fault() {
    let generator = ShopGenerator(ShopOptions(seed: 11, records: 100_000))
    var perTenMinutes = [Int](repeating: 0, count: 36)
    for index in 0..<100_000 {
      let facts = generator.facts(UInt64(index))
      if facts.severity >= .error, facts.service == .payments || facts.service == .checkout { perTenMinutes[index * 36 / 100_000] += 1 }
    }
    let busy = perTenMinutes.indices.filter { perTenMinutes[$0] > 40 }
    #expect((2...3).contains(busy.count))
    #expect(busy.last.map { $0 - busy[0] } == busy.count - 1)
    #expect(perTenMinutes.indices.filter { !busy.contains($0) }.allSatisfy { perTenMinutes[$0] < 15 })
  }

  // MARK: Personal data

  @Test("cards obey Luhn, account numbers modulo 97, and all kinds of personal data occur")
  func personalData() throws {
    var found: [String: Set<String>] = [:]
    for line in ShopLines.all(ShopOptions(seed: 5, records: 4000, brokenFraction: 0, piiFraction: 1)) {
      let message = try #require(ShopLines.Reading(line)).message
      for match in message.matches(of: #/[Cc]ard (?<card>[0-9 ]*[0-9]) /#) {
        let card = match.card.filter { $0 != " " }
        found["card", default: []].insert(card)
        #expect(card.count == 16)
        #expect(Self.luhn(card), "\(card)")
      }
      for match in message.matches(of: #/from (?<iban>(DE|CH)[0-9][0-9 ]*[0-9]),/#) {
        let iban = match.iban.filter { $0 != " " }
        found["iban", default: []].insert(iban)
        #expect(iban.count == (iban.hasPrefix("DE") ? 22 : 21))
        #expect(Self.modulo97(iban) == 1, "\(iban)")
      }
      if let match = message.firstMatch(of: #/[a-z]+[._][a-z]+[0-9]*@[a-z.-]+\.[a-z]+/#) {
        found["email", default: []].insert("\(match.0)")
      }
      if let match = message.firstMatch(of: #/\+1 \([0-9]{3}\) 555-01[0-9]{2}|\+49 15[0-9] [0-9]{8}/#) {
        found["phone", default: []].insert("\(match.0)")
      }
      if let match = message.firstMatch(of: #/Bearer eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{30}\.[A-Za-z0-9_-]{43}/#) {
        found["token", default: []].insert("\(match.0)")
      }
    }
    for kind in ["card", "iban", "email", "phone", "token"] { #expect((found[kind]?.count ?? 0) > 50, "\(kind)") }
    #expect(found["iban"]?.contains { $0.hasPrefix("CH") } == true)
  }

  static func luhn(_ card: String) -> Bool {
    var sum = 0
    for (place, digit) in card.reversed().compactMap(\.wholeNumberValue).enumerated() {
      let value = place % 2 == 1 ? digit * 2 : digit
      sum += value > 9 ? value - 9 : value
    }
    return sum % 10 == 0
  }

  static func modulo97(_ iban: String) -> Int {
    let moved = iban.dropFirst(4) + iban.prefix(4)
    return moved.reduce(0) { rest, character in
      let value = character.wholeNumberValue ?? Int(character.asciiValue ?? 0) - 55
      return (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
    }
  }

  // MARK: File

  @Test("the file holds the lines in order, its side file the truth")
  func file() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "shop-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "shop.jsonl").path
    let truth = try ShopFile.write(Self.options, to: path)
    let written = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(written == Data(ShopLines.all(Self.options).flatMap { $0 + [10] }))
    let meta = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path + ".meta.json"))) as? [String: Any])
    #expect(meta["events"] as? Int == 20_000 && meta["accepted"] as? Int == truth.accepted && meta["late_dropped"] as? Int == truth.late)
    #expect(meta["malformed"] as? Int == truth.broken && meta["bytes"] as? Int == written.count)
    #expect((meta["accepted_by_service"] as? [String: Int])?.values.reduce(0, +) == truth.accepted)
  }

  @Test("a file that cannot be written is an error that names it; an endless shop fits into none")
  func unwritable() {
    let error = #expect(throws: ShopFileError.self) { try ShopFile.write(Self.options, to: "/nowhere/shop.jsonl") }
    #expect(error?.description == "could not write /nowhere/shop.jsonl: No such file or directory")
    let full = #expect(throws: ShopFileError.self) { try ShopFile.write(Self.options, to: "/dev/full") }
    #expect(full?.message == "No space left on device")
    #expect(throws: ShopFileError.self) { try ShopFile.write(ShopOptions(), to: "/dev/null") }
  }
}

/// A small seeded generator: the same numbers on every machine.
struct ShopTestRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) ^ (state << 31)
  }
}
