/// Counters and histograms by their names and labels, as Prometheus has them: running totals that only grow.
package struct MetricBook: Sendable {
  /// A family's kind.
  package enum Kind: UInt8, Sendable {
    case counter
    case gauge
    case histogram
  }

  /// What a family is called, and how it is written.
  package struct Family: Sendable, Equatable {
    package var name: String
    package var kind: Kind
    package var help: String
    /// Upper edges of the buckets, nanoseconds, ascending; none for counters.
    package var edges: [Int64]
    /// Nanoseconds in a unit of `le` and of the sum.
    package var unit: Int64

    package init(_ name: String, _ kind: Kind, _ help: String, edges: [Int64] = [], unit: Int64 = 1_000_000_000) {
      self.name = name
      self.kind = kind
      self.help = help
      self.edges = edges
      self.unit = unit
    }
  }

  /// One line of the exposition.
  package struct Sample: Sendable, Equatable {
    package var name: String
    package var labels: [(name: String, value: String)]
    package var value: Double

    /// The labels as a JSON object on one line.
    package var labelsJSON: String {
      var text = "{"
      for (index, label) in labels.enumerated() {
        if index > 0 { text += "," }
        StructuredValue.quote(label.name, &text)
        text += ":"
        StructuredValue.quote(label.value, &text)
      }
      return text + "}"
    }

    package static func == (a: Sample, b: Sample) -> Bool {
      a.name == b.name && a.value == b.value && a.labels.elementsEqual(b.labels) { $0 == $1 }
    }
  }

  /// A series and what it has counted; a counter counts in `tally.count`.
  package struct Series: Sendable {
    package var family: String
    package var labels: [(name: String, value: String)]
    package var tally: HistogramTally
    /// Since it was last taken.
    package var isChanged: Bool

    package init(family: String, labels: [(name: String, value: String)], tally: HistogramTally, isChanged: Bool = true) {
      self.family = family
      self.labels = labels
      self.tally = tally
      self.isChanged = isChanged
    }
  }

  /// Labels of the one series that takes what comes when a family has too many.
  private static let overflow = [(name: "otel_metric_overflow", value: "true")]

  private let families: [String: Family]
  private let limit: Int
  /// Labels that all series have.
  private let common: [(name: String, value: String)]
  package private(set) var series: [Series] = []
  private var numbers: [String: Int] = [:]
  private var counts: [String: Int] = [:]

  /// - Parameter limit: how many series a family may have; what comes beyond is counted in one.
  package init(_ families: [Family], common: [(name: String, value: String)] = [], limit: Int) {
    self.families = Dictionary(families.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.common = common
    self.limit = limit
  }

  /// Takes back a series as it was saved; of a family that is no more, nothing.
  package mutating func restore(_ saved: Series) {
    guard let family = families[saved.family], saved.tally.buckets.count == family.edges.count + 1 else { return }
    numbers[Self.key(saved.family, saved.labels)] = series.count
    counts[saved.family, default: 0] += 1
    series.append(saved)
  }

  /// Adds to a counter; with 0 it is there from then on.
  package mutating func add(_ family: String, _ labels: [(name: String, value: String)], units: Int64) {
    let number = number(family, labels)
    series[number].tally.count &+= units
    series[number].isChanged = true
  }

  /// Adds to a histogram.
  package mutating func merge(_ family: String, _ labels: [(name: String, value: String)], _ tally: HistogramTally) {
    let number = number(family, labels)
    series[number].tally.merge(tally)
    series[number].isChanged = true
  }

  /// Counts one duration in a histogram.
  package mutating func observe(_ family: String, _ labels: [(name: String, value: String)], _ nanoseconds: Int64, units: Int64) {
    let number = number(family, labels)
    series[number].tally.add(nanoseconds, units: units, edges: families[family]?.edges ?? [])
    series[number].isChanged = true
  }

  /// What all series say, or those that have changed since the last time.
  package mutating func takeChanged() -> [(family: Family, samples: [Sample])] {
    var result: [(family: Family, samples: [Sample])] = []
    for index in series.indices where series[index].isChanged {
      series[index].isChanged = false
      if let family = families[series[index].family] { result.append((family, samples(series[index], family))) }
    }
    return result
  }

  private func samples(_ series: Series, _ family: Family) -> [Sample] {
    let count = HistogramTally.number(series.tally.count)
    guard family.kind == .histogram else { return [Sample(name: family.name, labels: series.labels, value: count)] }
    var below: Int64 = 0
    var samples: [Sample] = []
    for (index, units) in series.tally.buckets.enumerated() {
      below &+= units
      let edge = index < family.edges.count ? Self.edge(family.edges[index], family.unit) : "+Inf"
      samples.append(
        Sample(name: "\(family.name)_bucket", labels: Self.sorted(series.labels + [("le", edge)]), value: HistogramTally.number(below)))
    }
    let sum = Double(series.tally.sum) / Double(HistogramTally.unit) / Double(family.unit)
    return samples + [
      Sample(name: "\(family.name)_sum", labels: series.labels, value: sum),
      Sample(name: "\(family.name)_count", labels: series.labels, value: count),
    ]
  }

  /// A bucket's edge as it stands in `le`, for whoever writes or reads it: `0.05`, `1.0`. Prometheus 3 writes whole numbers like this, whatever it is given.
  package static func edge(_ nanoseconds: Int64, _ unit: Int64) -> String {
    let text = NumberText.decimal(Double(nanoseconds) / Double(unit))
    return text.utf8.contains(UInt8(ascii: ".")) ? text : text + ".0"
  }

  private mutating func number(_ family: String, _ labels: [(name: String, value: String)]) -> Int {
    let all = Self.sorted(labels + common)
    if let known = numbers[Self.key(family, all)] { return known }
    if counts[family, default: 0] >= limit {
      let rest = Self.sorted(Self.overflow + common)
      return numbers[Self.key(family, rest)] ?? insert(family, rest)
    }
    return insert(family, all)
  }

  private mutating func insert(_ family: String, _ labels: [(name: String, value: String)]) -> Int {
    numbers[Self.key(family, labels)] = series.count
    counts[family, default: 0] += 1
    series.append(Series(family: family, labels: labels, tally: HistogramTally(edges: families[family]?.edges.count ?? 0)))
    return series.count - 1
  }

  private static func sorted(_ labels: [(name: String, value: String)]) -> [(name: String, value: String)] {
    labels.sorted { $0.name < $1.name }
  }

  private static func key(_ family: String, _ labels: [(name: String, value: String)]) -> String {
    labels.reduce(into: family) { $0 += "\u{1F}\($1.name)\u{1F}\($1.value)" }
  }
}
