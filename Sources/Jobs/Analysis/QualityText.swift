package import SLO

/// The table of how well indicators tell faults, for people and for programs.
package enum QualityText {
  /// Several lines, ending with a line end.
  package static func text(_ quality: QualityTable) -> String {
    var table = TextTable(["faults", "indicator", "in fault minutes", "elsewhere", "p"], leftColumns: 2)
    for row in quality.rows {
      table.add([
        row.faults, row.indicator.rawValue, rate(row.faultHits, row.faultUnits), rate(row.otherHits, row.otherUnits),
        Readable.decimal(row.probability, 4),
      ])
    }
    var ranks = TextTable(["faults", "in the traces", "named first", "among the first three", "by chance"])
    for row in quality.rankings {
      ranks.add([
        row.faults, "\(row.count)", "\(row.first)", "\(row.firstThree)",
        "\(Readable.percent(1 / Double(max(1, row.services)))) and \(Readable.percent(3 / Double(max(3, row.services))))",
      ])
    }
    let head = [
      "HOW WELL INDICATORS TELL FAULTS",
      "\(quality.faultMinutes) of \(quality.minutes) minutes with traces hold an injected fault or follow one\(quality.unused > 0 ? "; \(quality.unused) faults lie outside" : "").",
      "A hit is a value more than 3 robust deviations above the median of its series; a unit is a journey in a minute with 3 traces or more, of step",
      "indicators the service with the fault in one. p: the share of random orders of the minutes that look as good or better.", "",
    ]
    return (head + table.lines + ["", "WHICH SERVICE STANDS OUT MOST"] + ranks.lines).joined(separator: "\n") + "\n"
  }

  private static func rate(_ hits: Int, _ units: Int) -> String {
    units == 0 ? "-" : "\(hits)/\(units) = \(Readable.decimal(100 * Double(hits) / Double(units), 0)) %"
  }

  static func json(_ quality: QualityTable) -> JSONText {
    .object([
      ("minutes", .int(Int64(quality.minutes))), ("fault_minutes", .int(Int64(quality.faultMinutes))),
      (
        "indicators",
        .array(
          quality.rows.map {
            .object([
              ("faults", .string($0.faults)), ("indicator", .string($0.indicator.rawValue)), ("fault_hits", .int(Int64($0.faultHits))),
              ("fault_units", .int(Int64($0.faultUnits))), ("other_hits", .int(Int64($0.otherHits))),
              ("other_units", .int(Int64($0.otherUnits))), ("p", .double($0.probability)),
            ])
          })
      ),
      (
        "rankings",
        .array(
          quality.rankings.map {
            .object([
              ("faults", .string($0.faults)), ("count", .int(Int64($0.count))), ("first", .int(Int64($0.first))),
              ("first_three", .int(Int64($0.firstThree))), ("services", .int(Int64($0.services))),
            ])
          })
      ),
    ])
  }
}
