/// What every indicator shows in every minute, as robust scores.
struct SeriesBook {
  /// A value needs this many traces.
  static let leastTraces = 3
  /// Deviations above the usual from which a value counts as a hit.
  static let threshold = 3.0

  /// One series: a journey, a service or -1, and for each minute its score, or nil where there are too few traces.
  struct Series {
    var journey: Int
    var service: Int32
    var scores: [Double?]
  }

  /// The minutes that have traces, ascending, in nanoseconds.
  private(set) var minutes: [Int64] = []
  private(set) var series: [QualityTable.Indicator: [Series]] = [:]

  /// What one journey did in one minute.
  private struct Cell {
    var durations: [Double] = []
    var errors = 0
    /// By service: self-time of each trace, and how many traces have a failed span there.
    var own: [Int32: [Double]] = [:]
    var failed: [Int32: Int] = [:]
  }

  init(_ set: TraceSet, _ discovery: JourneyDiscovery.Result, _ logs: LogEvidence) {
    var cells: [Int: [Int64: Cell]] = [:]
    for (index, trace) in set.traces.enumerated() {
      guard set.upstream[index] < 0, let journey = discovery.assignment[index] else { continue }
      let root = set.spans[trace.root]
      let minute = root.start - root.start % 60_000_000_000
      var own: [Int32: Double] = [:]
      var failed: Set<Int32> = []
      let errors = logs.errors[set.id(trace)] ?? []
      for span in trace.range {
        own[set.service(span), default: 0] += Double(set.exclusive[span])
        if set.spans[span].outcome == .failed || errors.contains(set.spans[span].id) { failed.insert(set.service(span)) }
      }
      cells[journey, default: [:]][minute, default: Cell()].durations.append(Double(root.duration))
      if discovery.failed.contains(index) { cells[journey]?[minute]?.errors += 1 }
      for (service, time) in own { cells[journey]?[minute]?.own[service, default: []].append(time) }
      for service in failed { cells[journey]?[minute]?.failed[service, default: 0] += 1 }
    }
    minutes = Set(cells.values.flatMap(\.keys)).sorted()
    for (journey, byMinute) in cells.sorted(by: { $0.key < $1.key }) { add(journey, minutes.map { byMinute[$0] }) }
  }

  private mutating func add(_ journey: Int, _ cells: [Cell?]) {
    func journeySeries(_ indicator: QualityTable.Indicator, _ value: (Cell) -> Double) {
      add(indicator, journey, -1, cells.map { cell in cell.flatMap { $0.durations.count >= Self.leastTraces ? value($0) : nil } })
    }
    journeySeries(.journeyP95) { RobustScore.quantile($0.durations, 0.95) }
    journeySeries(.journeyErrors) { Double($0.errors) / Double($0.durations.count) }
    for service in Set(cells.compactMap { $0 }.flatMap(\.own.keys)).sorted() {
      func serviceSeries(_ indicator: QualityTable.Indicator, _ value: (Cell, [Double]) -> Double) {
        add(
          indicator, journey, service,
          cells.map { cell in
            guard let cell, let own = cell.own[service], own.count >= Self.leastTraces else { return nil }
            return value(cell, own)
          })
      }
      serviceSeries(.stepP50) { RobustScore.median($1) }
      serviceSeries(.stepP95) { RobustScore.quantile($1, 0.95) }
      serviceSeries(.criticalShare) { $1.reduce(0, +) / max(1, $0.durations.reduce(0, +)) }
      serviceSeries(.stepErrors) { Double($0.failed[service] ?? 0) / Double($1.count) }
    }
  }

  private mutating func add(_ indicator: QualityTable.Indicator, _ journey: Int, _ service: Int32, _ values: [Double?]) {
    let known = values.compactMap { $0 }
    // Of a few minutes nobody knows what is usual.
    guard known.count >= 5 else { return }
    let score = RobustScore(known, floor: indicator.isShare ? { _ in 0.02 } : { $0 * 0.02 })
    series[indicator, default: []].append(Series(journey: journey, service: service, scores: values.map { $0.map { score.score($0) } }))
  }
}
