/// Measures indicators by faults that are known.
package struct QualityJudge {
  private let set: TraceSet
  private let book: SeriesBook
  /// Each fault with its service's number and the minutes it may show in: that of its injection and the next.
  private let faults: [(fault: Fault, service: Int32, minutes: Set<Int>)]
  private let unused: Int

  /// - Parameter faults: with services by name.
  package static func judge(
    _ set: TraceSet, _ discovery: JourneyDiscovery.Result, logs: LogEvidence, faults: [Fault]
  ) -> QualityTable {
    QualityJudge(set, discovery, logs, faults).table()
  }

  private init(_ set: TraceSet, _ discovery: JourneyDiscovery.Result, _ logs: LogEvidence, _ faults: [Fault]) {
    self.set = set
    let book = SeriesBook(set, discovery, logs)
    self.book = book
    let services = set.store.services.strings
    var used: [(Fault, Int32, Set<Int>)] = []
    for fault in faults.sorted(by: { $0.time < $1.time }) {
      let start = fault.time - fault.time % 60_000_000_000
      let minutes = Set([start, start + 60_000_000_000].compactMap { book.minutes.firstIndex(of: $0) })
      guard let service = services.firstIndex(of: fault.service), !minutes.isEmpty else { continue }
      used.append((fault, Int32(truncatingIfNeeded: service), minutes))
    }
    self.faults = used
    unused = faults.count - used.count
  }

  private func table() -> QualityTable {
    var table = QualityTable()
    table.minutes = book.minutes.count
    table.faultMinutes = faults.reduce(into: Set<Int>()) { $0.formUnion($1.minutes) }.count
    table.unused = unused
    let types = Set(faults.map(\.fault.type)).sorted()
    for type in ["all"] + (types.count > 1 ? types : []) {
      let chosen = faults.filter { type == "all" || $0.fault.type == type }
      for indicator in QualityTable.Indicator.allCases { table.rows.append(row(indicator, type, chosen)) }
      table.rankings.append(ranking(type, chosen))
    }
    return table
  }

  private func row(
    _ indicator: QualityTable.Indicator, _ type: String, _ chosen: [(fault: Fault, service: Int32, minutes: Set<Int>)]
  ) -> QualityTable.Row {
    // Minutes of faults of other types are left out: they are neither with nor without.
    let others = faults.reduce(into: Set<Int>()) { $0.formUnion($1.minutes) }
      .subtracting(chosen.reduce(into: Set<Int>()) { $0.formUnion($1.minutes) })
    var groups: [[(units: Int, hits: Int)]] = []
    var marked: [Set<Int>] = []
    let kept = book.minutes.indices.filter { !others.contains($0) }
    for service in indicator.isPerService ? Set(chosen.map(\.service)).sorted() : [-1] {
      let series = (book.series[indicator] ?? []).filter { $0.service == service }
      groups.append(
        kept.map { minute in
          let scores = series.compactMap { $0.scores[minute] }
          return (scores.count, scores.count { $0 > SeriesBook.threshold })
        })
      let own = chosen.filter { service < 0 || $0.service == service }.reduce(into: Set<Int>()) { $0.formUnion($1.minutes) }
      marked.append(Set(kept.indices.filter { own.contains(kept[$0]) }))
    }
    var row = QualityTable.Row(
      indicator: indicator, faults: type, faultHits: 0, faultUnits: 0, otherHits: 0, otherUnits: 0,
      probability: PermutationTest.probability(groups: groups, marked: marked))
    for (group, marks) in zip(groups, marked) {
      for (minute, cell) in group.enumerated() {
        if marks.contains(minute) {
          row.faultUnits += cell.units
          row.faultHits += cell.hits
        } else {
          row.otherUnits += cell.units
          row.otherHits += cell.hits
        }
      }
    }
    return row
  }

  /// Services by their highest score in the fault's minutes, over all journeys and indicators per service.
  private func ranking(_ type: String, _ chosen: [(fault: Fault, service: Int32, minutes: Set<Int>)]) -> QualityTable.Ranking {
    var ranking = QualityTable.Ranking(
      faults: type, count: chosen.count, first: 0, firstThree: 0, services: set.store.services.strings.count { !$0.isEmpty })
    for fault in chosen {
      var best: [Int32: Double] = [:]
      for indicator in [QualityTable.Indicator.stepP50, .criticalShare, .stepErrors] {
        for series in book.series[indicator] ?? [] {
          for minute in fault.minutes {
            guard let score = series.scores[minute] else { continue }
            best[series.service] = max(best[series.service] ?? -.infinity, score)
          }
        }
      }
      let order = best.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
      if order.first == fault.service { ranking.first += 1 }
      if order.prefix(3).contains(fault.service) { ranking.firstThree += 1 }
    }
    return ranking
  }
}
