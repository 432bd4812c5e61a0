/// Sums over the week, month or quarter that a moment is in, as Prometheus can write them.
///
/// The range of a query has a fixed length, and a month has none. So each hour is given the number of its month as a label, the longest month is summed up by that
/// label, and the sum of the present month is taken. Everything is UTC. An hour ends at its sample: the one at midnight of the first belongs to the month before.
///
/// ```
/// hours       │ · · · · · · · · · · │ · · · · · · · now
/// calendar          "10"            │      "11"      │
/// range             └──────────── 31 d ──────────────┘
/// ```
struct CalendarPeriod {
  private static let label = "calendar"
  let unit: ObjectiveWindow.Unit

  /// Days that any window fits in.
  var days: Int { ObjectiveWindow.calendar(unit).days }

  /// The sum of the hourly samples of the present window, from its beginning to now.
  func sum(_ hourly: PromQL) -> PromQL {
    let marked = PromQL.binary(PromQL.Binary(hourly, .multiply, PromQL.Matching([], many: .left([Self.label])), number))
    let hours = PromQL.subquery(marked.grouped, PromQL.Subquery(range: Int64(days) * 86_400_000, step: 3_600_000))
    let present = PromQL.operation(.call("sum_over_time", [hours]), .and, on: [Self.label], number)
    return .aggregation(PromQL.Aggregation("sum", by: PromQL.Grouping(isWithout: true, [Self.label]), present))
  }

  /// The length of the present window in days, where it has one of its own.
  var length: PromQL? { unit == .month ? .call("days_in_month", [clock]) : nil }

  /// One series whose label says which window it is; no two that touch the range have the same.
  private var number: PromQL {
    .aggregation(PromQL.Aggregation("count_values", parameter: .string(Self.label), value))
  }

  private var value: PromQL {
    switch unit {
    case .month: .call("month", [clock])
    case .quarter: .call("ceil", [.operation(.call("month", [clock]), .divide, .number(3))])
    // The first Monday was the fifth of January 1970.
    case .week:
      .call("floor", [.operation(.operation(clock, .subtract, .number(345_600)), .divide, .number(604_800))])
    }
  }

  /// A second ago: whole hours belong to the window that they end.
  private var clock: PromQL { .call("vector", [.binary(PromQL.Binary(.call("time", []), .subtract, nil, .number(1)))]) }
}
