/// Writes the log lines of a small shop: services that serve visitors' journeys, a payment provider that fails for a while, personal data,
/// late and broken records.
///
/// Line *i* is a pure function of the options and *i*, so any line can be written again, in any order, by anyone. Eight journeys of
/// eight lines each run side by side:
///
/// ```
/// index    0   1   2 …  7 | 8   9  10 … 15 | …       line of journey 0 1 2 … 7, then their second lines, …
/// step     0   0   0    0 | 1   1   1    1 | … 7
/// ```
public struct ShopGenerator: Sendable {
  /// What the lines depend on.
  public let options: ShopOptions
  /// No line is longer than this many bytes, its line end not counted.
  public let maxLineLength: Int

  private let script = ShopScript.shared
  /// Event time grows by `spanMillis` in `spanRecords` records.
  private let spanMillis: UInt64
  private let spanRecords: UInt64
  private let lateThreshold: UInt64
  private let brokenThreshold: UInt64
  private let personalThreshold: UInt64
  private let fault: Fault

  /// O(1), but for the first generator of a process, which compiles the templates.
  public init(_ options: ShopOptions) {
    self.options = options
    maxLineLength = script.maxMessageLength + 400
    spanMillis = options.records == nil ? 1000 : UInt64(max(0, options.span))
    spanRecords = UInt64(max(1, options.records ?? options.perSecond))
    lateThreshold = Self.threshold(options.lateFraction * 2)  // they occur in the second half only
    brokenThreshold = Self.threshold(options.brokenFraction)
    personalThreshold = Self.threshold(options.piiFraction)
    fault = Fault(options)
  }

  /// 2^32 times the share.
  private static func threshold(_ share: Double) -> UInt64 { UInt64(min(max(share, 0), 1) * 4_294_967_296) }

  /// When the payment provider does not answer: for 20 minutes (a sixth of a shorter run), again every six hours when there is no end.
  struct Fault: Sendable {
    let start: Int64
    let length: Int64
    let period: Int64

    init(_ options: ShopOptions) {
      period = options.records == nil ? 6 * 3_600_000 : Int64.max
      length = options.records == nil ? 1_200_000 : min(1_200_000, options.span / 6)
      let covered = options.records == nil ? period : options.span
      start = options.start + covered * 3 / 10 + covered / 1000 * Int64(ShopRandom.mix(options.seed) % 300)
    }

    func holds(_ time: Int64) -> Bool { time >= start && (time - start) % period < length }
  }

  // MARK: Decisions

  /// What is decided about a record, and the random numbers that its text is made of.
  private struct Plan {
    var facts: ShopFacts
    var template: Int
    var journey: UInt64
    var hasTrace: Bool
    var random: ShopRandom
  }

  /// The moment of a record before any delay: milliseconds since 1970.
  @inline(__always)
  func moment(_ index: UInt64) -> Int64 {
    let (product, overflow) = index.multipliedReportingOverflow(by: spanMillis)
    if !overflow { return options.start + Int64(product / spanRecords) }
    return options.start + Int64(spanRecords.dividingFullWidth(index.multipliedFullWidth(by: spanMillis)).quotient)
  }

  @inline(__always)
  private func plan(_ index: UInt64) -> Plan {
    var random = ShopRandom(seed: options.seed, salt: 0x7E1E_3E72, place: index)
    let journey = index / 64 * 8 + index % 8
    let step = Int(index % 64 / 8)
    let draw = random.next()
    // The template: a step of the journey, or a line of the background.
    let choices = script.steps[scriptStep(step, of: journey, startingAt: index / 64 * 64 + index % 8)]
    var template: Int
    let hasTrace = !choices.isEmpty
    if hasTrace {
      template = script.choices[choices.lowerBound + Int(truncatingIfNeeded: draw & 0xFFFF) % choices.count]
    } else {
      let lines = draw >> 16 & 63 == 0 ? script.trouble : script.background
      template = lines.lowerBound + Int(truncatingIfNeeded: draw & 0xFFFF) % lines.count
    }
    let isPersonal = random.next() >> 32 < personalThreshold
    if isPersonal {
      let own = script.personal[Int(script.templates[template].service.rawValue)]
      template = own.lowerBound + Int(truncatingIfNeeded: draw >> 16 & 0xFFFF) % own.count
    }
    // Time.
    let moment = moment(index)
    let delay = random.next()
    var timestamp: Int64
    let isLate = isInSecondHalf(index) && draw >> 32 < lateThreshold
    if isLate {
      let before = options.records == nil ? moment - ShopOptions.lateMargin : options.start
      timestamp = before - ShopOptions.lateMargin - Int64(ShopRandom.scale(delay, below: Int(ShopOptions.lateMargin)))
    } else {
      let isDelayed = delay & 1023 < 307
      let longest = isDelayed ? options.outOfOrder : min(options.outOfOrder, 2000)
      timestamp = moment - Int64(ShopRandom.scale(delay, below: Int(longest) + 1))
    }
    let damage = random.next()
    var defect: ShopDefect?
    if damage >> 32 < brokenThreshold { defect = ShopDefect(rawValue: UInt8(truncatingIfNeeded: damage & 0xFFFF) % 6) }
    let chosen = script.templates[template]
    return Plan(
      facts: ShopFacts(
        service: chosen.service, severity: chosen.severity, timestamp: timestamp, defect: defect, isLate: isLate, isPersonal: isPersonal),
      template: template, journey: journey, hasTrace: hasTrace, random: random)
  }

  /// By then every split has shown its first records and the watermark stands.
  @inline(__always)
  private func isInSecondHalf(_ index: UInt64) -> Bool { index >= spanRecords / 2 }

  /// Which step of which script the journey is at.
  @inline(__always)
  private func scriptStep(_ step: Int, of journey: UInt64, startingAt first: UInt64) -> Int {
    var random = ShopRandom(seed: options.seed, salt: 0x10A2_4EE1, place: journey)
    let bits = random.next()
    let kind = Int(script.kinds[ShopRandom.scale(bits, below: script.kinds.count)])
    let fate = bits & 1023
    var outcome = ShopJourneys.Outcome.fine
    if kind == ShopScript.checkoutKind, fate < 900, fault.holds(moment(first)) {
      outcome = .fault
    } else if fate >= 960 {
      outcome = .refused
    } else if fate >= 956 {
      outcome = .crashed
    }
    return ShopScript.stepIndex(kind: kind, outcome: outcome, step: step)
  }

  // MARK: Answers

  /// What is decided about record `index`, without writing it. About 20 ns.
  public func facts(_ index: UInt64) -> ShopFacts { plan(index).facts }

  /// Writes record `index` as a line, without a line end. Returns how many bytes it took: between 1 and `maxLineLength`.
  public func write(_ index: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let plan = plan(index)
    var random = plan.random
    var writer = LineWriter(target)
    if plan.facts.defect == .notJSON {
      writer.text("log shipper: dropped a record of ")
      writer.text(plan.facts.service.text)
      writer.text(": ")
      message(plan, &random, &writer)
      return writer.end - target
    }
    object(plan, index, &random, &writer)
    let count = writer.end - target
    return plan.facts.defect == .truncated ? 1 + random.below(count - 1) : count
  }

  private func object(_ plan: Plan, _ index: UInt64, _ random: inout ShopRandom, _ writer: inout LineWriter) {
    let facts = plan.facts
    writer.byte(UInt8(ascii: "{"))
    if facts.defect != .noEventID {
      writer.text(#""event_id":""#)
      // The upper half is a bijection of the index, so no two ids of a run are equal.
      writer.uuid(ShopRandom.mix(index &+ 0x9E37_79B9_7F4A_7C15 ^ options.seed), random.next())
      writer.text(#"","#)
    }
    writer.text(#""service_name":""#)
    writer.text(facts.service.text)
    writer.text(#"","environment":""#)
    writer.text(plan.journey & 15 == 5 ? "staging" : "prod")
    writer.text(#"","#)
    switch facts.defect {
    case .noTimestamp: break
    case .wordyTimestamp: writer.text(#""timestamp":"yesterday","#)
    default:
      writer.text(#""timestamp":"#)
      if facts.timestamp < 0 { writer.byte(UInt8(ascii: "-")) }
      writer.decimal(facts.timestamp.magnitude)
      writer.byte(UInt8(ascii: ","))
    }
    writer.text(#""severity":""#)
    writer.text(facts.severity.text)
    if facts.defect == .nullMessage {
      writer.text(#"","message":null,"#)
    } else {
      writer.text(#"","message":""#)
      message(plan, &random, &writer)
      writer.text(#"","#)
    }
    guard plan.hasTrace else { return writer.text(#""trace_id":null,"span_id":null}"#) }
    var trace = ShopRandom(seed: options.seed, salt: 0x7ACE, place: plan.journey)
    writer.text(#""trace_id":""#)
    writer.hex(trace.next(), digits: 16)
    writer.hex(trace.next(), digits: 16)
    writer.text(#"","span_id":""#)
    writer.hex(random.next(), digits: 16)
    writer.text(#""}"#)
  }

  private func message(_ plan: Plan, _ random: inout ShopRandom, _ writer: inout LineWriter) {
    let subject = ShopSubject(seed: options.seed, journey: plan.journey)
    script.literals.withUnsafeBufferPointer { literals in
      guard let base = literals.baseAddress else { return }
      for piece in script.pieces[script.templates[plan.template].pieces] {
        if let variable = piece.variable {
          writer.variable(variable, subject, &random)
        } else {
          writer.bytes(base + piece.start, piece.count)
        }
      }
    }
  }
}
