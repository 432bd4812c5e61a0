internal import Connectors
internal import Glibc
package import SLO

/// What a Prometheus has of the indicators of journeys: which series measure them, and how many of those are there.
package struct PrometheusProof: Sendable {
  /// One indicator.
  package struct Line: Sendable, Equatable {
    package var indicator: Indicator
    /// Series behind the events in total within the last hour.
    package var series: Int
    /// The same for good or bad events; a counter of errors that has none yet stands at zero.
    package var eventSeries: Int
    /// What the share of bad events was over the last five minutes; nil when there is no value.
    package var badShare: Double?
  }

  /// Somebody answered, with something else than series.
  private struct Unexpected: Error, CustomStringConvertible {
    let address: String
    var description: String { "\(address) answered with something else than series\n  hint: is it a Prometheus?" }
  }

  /// Where it was asked.
  package let address: String
  package let inventory: SeriesInventory
  package let lines: [Line]

  /// Names of all series that could measure a journey.
  private static let names: [String] = Array(
    Set(
      ([SeriesFamily.journey] + SeriesFamily.known).flatMap { family in
        [family.count, family.bucket, family.bucketCount] + (family.errorCount.map { [$0] } ?? [])
      }))

  /// Asks for the series of the last day, makes the indicators of what there is, and asks for the data of each. Blocking.
  ///
  /// - Throws: `PrometheusAPI.Failure`, with a hint, when it cannot be asked.
  package static func ask(_ address: String, journeys: [Journey]) throws -> PrometheusProof {
    let api = try PrometheusAPI(address)
    let now = Int64(time(nil))
    let answer = try JSONReader.read(try api.series(named: names, since: now - 86_400, until: now))
    guard let inventory = SeriesInventory(answer) else { throw Unexpected(address: api.address) }
    let maker = IndicatorMaker(inventory)
    var lines: [Line] = []
    for indicator in journeys.flatMap({ maker.indicators($0).indicators }) {
      let events =
        switch indicator.events {
        case .good(let selector), .bad(let selector): selector
        }
      let share = PromQL.operation(
        indicator.badRate(minutes: 5), .divide, .operation(indicator.totalRate(minutes: 5), .greater, .number(0)))
      lines.append(
        Line(
          indicator: indicator, series: Int(try value(api, count(indicator.total)) ?? 0),
          eventSeries: Int(try value(api, count(events)) ?? 0),
          badShare: try value(api, share)))
    }
    return PrometheusProof(address: api.address, inventory: inventory, lines: lines)
  }

  /// How many series a selector has within the last hour.
  private static func count(_ selector: PromQL.Selector) -> PromQL {
    .aggregation(PromQL.Aggregation("count", by: nil, .call("last_over_time", [.range(selector, 3_600_000)])))
  }

  /// The value of an expression that has at most one; nil when it has none.
  private static func value(_ api: PrometheusAPI, _ expression: PromQL) throws -> Double? {
    let answer = try JSONReader.read(try api.query(try PromQL.checked(expression.description).description))
    guard let pair = answer["data"]?["result"]?.elements.first?["value"]?.elements, pair.count == 2 else { return nil }
    return pair[1].double
  }

  /// A table for people, ending with a line end.
  package var text: String {
    var table = TextTable(["indicator", "series of", "found", "bad, last 5 min"], leftColumns: 2)
    for line in lines {
      table.add([
        line.indicator.name, line.indicator.total.name, line.series == 0 ? "none" : "\(line.series)",
        line.badShare.map { Readable.percent($0) } ?? "-",
      ])
    }
    let proven = lines.count { $0.series > 0 }
    var text =
      "WHAT PROMETHEUS HAS\n\(address): \(proven) of \(lines.count) indicators return data\n" + table.lines.joined(separator: "\n") + "\n"
    if proven < lines.count {
      text +=
        "those without series are made from the journey metrics, which the job traces writes: sloscout run --job traces --listen 127.0.0.1:9464\n"
    }
    return text
  }

  /// The same for programs.
  var json: JSONText {
    .object([
      ("address", .string(address)),
      (
        "indicators",
        .array(
          lines.map { line in
            .object([
              ("name", .string(line.indicator.name)), ("series_name", .string(line.indicator.total.name)),
              ("series", .int(Int64(line.series))),
              ("event_series", .int(Int64(line.eventSeries))), ("bad_share", line.badShare.map { .double($0) } ?? .null),
              ("explanation", .string(line.indicator.explanation)),
            ])
          })
      ),
    ])
  }
}
