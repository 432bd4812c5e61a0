extension PromQL: CustomStringConvertible {
  /// The expression on one line. Parentheses are those that were written; `grouped` puts them where building needs them.
  package var description: String {
    switch self {
    case .number(let value):
      return value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "Inf" : "-Inf") : NumberText.decimal(value, digits: 15)
    case .string(let text): return Self.quoted(text)
    case .selector(let selector): return "\(selector.core)\(selector.shift.text)"
    case .range(let selector, let range): return "\(selector.core)[\(Self.duration(range))]\(selector.shift.text)"
    case .subquery(let body, let subquery):
      let step = subquery.step.map(Self.duration) ?? ""
      return "\(body)[\(Self.duration(subquery.range)):\(step)]\(subquery.shift.text)"
    case .call(let name, let arguments): return "\(name)(\(arguments.map(\.description).joined(separator: ", ")))"
    case .parentheses(let inner): return "(\(inner))"
    case .unary(let sign, let body): return sign.rawValue + body.description
    case .aggregation(let aggregation):
      let grouping = aggregation.grouping.map { " \($0.isWithout ? "without" : "by") (\($0.labels.joined(separator: ", "))) " } ?? ""
      let parameter = aggregation.parameter.map { "\($0), " } ?? ""
      return "\(aggregation.name)\(grouping)(\(parameter)\(aggregation.body))"
    case .binary(let binary): return "\(binary.left) \(binary.head) \(binary.right)"
    }
  }

  /// In parentheses, unless it is one thing already.
  package var grouped: PromQL {
    switch self {
    case .binary, .unary: .parentheses(self)
    default: self
    }
  }

  /// For people: operands of the outermost sets and comparisons on lines of their own.
  package var lines: String {
    guard case .binary(let binary) = self, binary.operation.isSet else { return description }
    return "\(binary.left.lines)\n\(binary.head)\n\(binary.right.lines)"
  }

  static func quoted(_ text: String) -> String {
    var out = ""
    StructuredValue.quote(text, &out)
    return out
  }

  /// Milliseconds as Prometheus writes them, the largest units first: `1h30m`.
  package static func duration(_ milliseconds: Int64) -> String {
    guard milliseconds != 0 else { return "0s" }
    var rest = milliseconds
    var out = ""
    // Years and weeks only when nothing else is needed: `1w` but `8d`.
    if rest % 604_800_000 == 0, rest % 31_536_000_000 != 0 { return "\(rest / 604_800_000)w" }
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] as [(String, Int64)]
    where rest >= size {
      out += "\(rest / size)\(unit)"
      rest %= size
    }
    return out
  }
}

extension PromQL.Selector {
  /// Without offset and time.
  fileprivate var core: String {
    guard !matchers.isEmpty else { return name.isEmpty ? "{}" : name }
    let conditions = matchers.map { "\($0.label)\($0.comparison.rawValue)\(PromQL.quoted($0.value))" }
    return "\(name){\(conditions.joined(separator: ", "))}"
  }

  /// The selector with more conditions.
  package func with(_ more: [PromQL.Matcher]) -> PromQL.Selector {
    var selector = self
    selector.matchers += more
    return selector
  }
}

extension PromQL.Shift {
  fileprivate var text: String {
    var out = ""
    switch at {
    case .start: out += " @ start()"
    case .end: out += " @ end()"
    case .time(let time): out += " @ \(NumberText.decimal(time, digits: 15))"
    case nil: break
    }
    if let offset { out += " offset \(offset < 0 ? "-" : "")\(PromQL.duration(offset < 0 ? -offset : offset))" }
    return out
  }
}

extension PromQL.Binary {
  /// The operator with everything between the operands.
  fileprivate var head: String {
    var head = operation.rawValue
    if isBool { head += " bool" }
    guard let matching else { return head }
    head += " \(matching.isIgnoring ? "ignoring" : "on") (\(matching.labels.joined(separator: ", ")))"
    switch matching.many {
    case .left(let labels): head += " group_left (\(labels.joined(separator: ", ")))"
    case .right(let labels): head += " group_right (\(labels.joined(separator: ", ")))"
    case nil: break
    }
    return head
  }
}
