/// A course of traffic that rules are tested with.
struct RuleScenario {
  /// Minutes with the same traffic.
  struct Segment {
    var minutes: Int
    /// Events a minute.
    var total: Double
    /// The share of them that is bad.
    var badShare: Double
  }

  /// Healthy history before anything happens, as long as the longest window: rates over a younger series overstate what happens.
  static let history = RateWindow.d3.minutes

  var name: String
  var segments: [Segment]

  /// What an indicator would have counted.
  var events: EventHistory {
    EventHistory(
      total: segments.flatMap { [Double](repeating: $0.total, count: $0.minutes) },
      bad: segments.flatMap { [Double](repeating: NumberText.rounded($0.total * $0.badShare), count: $0.minutes) })
  }

  /// A counter's samples in the notation of promtool, one a minute, the first one 0.
  func counter(_ perMinute: (Segment) -> Double) -> String {
    var value = 0.0
    var parts: [String] = []
    for (index, segment) in segments.enumerated() where segment.minutes > 0 {
      let step = NumberText.rounded(perMinute(segment))
      let begin = index == 0 ? 0 : NumberText.rounded(value + step)
      let steps = index == 0 ? segment.minutes : segment.minutes - 1
      parts.append("\(NumberText.decimal(begin))+\(NumberText.decimal(step))x\(steps)")
      value = NumberText.rounded(begin + step * Double(steps))
    }
    return parts.joined(separator: " ")
  }
}

/// The series that an indicator reads, for tests: names with labels, and what each counts.
struct IndicatorSeries {
  enum Counting {
    case total
    case good
    case bad
  }
  var series: [(name: String, counting: Counting)]

  init(_ indicator: Indicator) {
    let total = indicator.total
    switch indicator.events {
    case .good(let good): series = [(Self.name(total), .total), (Self.name(good), .good)]
    case .bad(let bad) where bad.name == total.name:
      // Failed requests are a part of the same counter; the others have another status.
      let extra = bad.matchers.filter { !total.matchers.contains($0) }
      series = [(Self.name(total, extra.map { ($0.label, "other") }), .good), (Self.name(bad), .bad)]
    case .bad(let bad): series = [(Self.name(total), .total), (Self.name(bad), .bad)]
    }
  }

  private static func name(_ selector: PromQL.Selector, _ more: [(String, String)] = []) -> String {
    let labels = selector.matchers.map { ($0.label, value($0)) } + more
    return "\(selector.name){\(labels.map { "\($0.0)=\(PromQL.quoted($0.1))" }.joined(separator: ", "))}"
  }

  /// A value that passes: the first alternative, with a digit for each dot.
  private static func value(_ matcher: PromQL.Matcher) -> String {
    guard matcher.comparison == .matches else { return matcher.value }
    return String(matcher.value.split(separator: "|").first ?? "").map { $0 == "." ? "0" : String($0) }.joined()
  }

  /// Input series for promtool.
  func inputs(_ scenario: RuleScenario, suffix: String = "") -> StructuredValue {
    .list(
      series.map { entry in
        let values = scenario.counter { segment in
          switch entry.counting {
          case .total: segment.total
          case .good: segment.total - NumberText.rounded(segment.total * segment.badShare)
          case .bad: segment.total * segment.badShare
          }
        }
        return ["series": .text(entry.name), "values": .text(values + suffix)]
      })
  }
}
