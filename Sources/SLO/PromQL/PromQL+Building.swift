extension PromQL {
  /// `sum(body)`, over everything or by labels.
  package static func sum(_ body: PromQL, by labels: [String]? = nil) -> PromQL {
    .aggregation(Aggregation("sum", by: labels.map { Grouping($0) }, body))
  }

  /// `rate(selector[minutes])`.
  package static func rate(_ selector: Selector, minutes: Int) -> PromQL { .call("rate", [.range(selector, Int64(minutes) * 60_000)]) }

  package static func series(_ name: String, _ matchers: [Matcher] = []) -> PromQL { .selector(Selector(name, matchers)) }

  /// Two expressions and an operator; operands that are operations themselves stand in parentheses.
  package static func operation(
    _ left: PromQL, _ operation: Operation, isBool: Bool = false, on labels: [String]? = nil, _ right: PromQL
  ) -> PromQL {
    .binary(Binary(left.grouped, operation, isBool: isBool, labels.map { Matching($0) }, right.grouped))
  }

  /// A chain of conditions on the same labels, without parentheses around the links: `a and on (x) b and on (x) c`.
  package static func all(_ conditions: [PromQL], on labels: [String]) -> PromQL {
    conditions.dropFirst().reduce(conditions[0]) { .binary(Binary($0, .and, Matching(labels), $1)) }
  }
}
