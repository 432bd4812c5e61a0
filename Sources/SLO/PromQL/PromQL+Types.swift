extension PromQL {
  /// What the expression evaluates to, by the rules of Prometheus. Throws `Failure` when a part of it does not fit where it stands.
  package func kind() throws(Failure) -> Kind {
    switch self {
    case .number: return .scalar
    case .string: return .string
    case .selector(let selector):
      try selector.check()
      return .instantVector
    case .range(let selector, _):
      try selector.check()
      return .rangeVector
    case .subquery(let body, _):
      try body.expect(.instantVector, "a subquery's expression")
      return .rangeVector
    case .parentheses(let inner): return try inner.kind()
    case .unary(let sign, let body):
      let kind = try body.kind()
      guard kind == .scalar || kind == .instantVector else { throw Failure(message: "\(sign.rawValue) takes no \(kind.rawValue)") }
      return kind
    case .call(let name, let arguments): return try Self.check(name, arguments)
    case .aggregation(let aggregation): return try aggregation.check()
    case .binary(let binary): return try binary.check()
    }
  }

  fileprivate func expect(_ wanted: Kind, _ what: String) throws(Failure) {
    let kind = try kind()
    guard kind == wanted else { throw Failure(message: "\(what) must be of type \(wanted.rawValue), not \(kind.rawValue)") }
  }

  private static func check(_ name: String, _ arguments: [PromQL]) throws(Failure) -> Kind {
    guard let signature = PromQLFunctions.all[name] else { throw Failure(message: "there is no function \(name)") }
    let count = signature.arguments.count
    let least = signature.optional < 0 ? count - 1 : count - signature.optional
    guard arguments.count >= least, signature.optional < 0 || arguments.count <= count else {
      throw Failure(message: "\(name) takes \(least == count ? "\(count)" : "\(least) or more") arguments, not \(arguments.count)")
    }
    for (index, argument) in arguments.enumerated() {
      try argument.expect(signature.arguments[min(index, count - 1)], "argument \(index + 1) of \(name)")
    }
    return signature.result
  }

  /// All selectors in the expression, in the order written.
  package var selectors: [Selector] {
    switch self {
    case .number, .string: []
    case .selector(let selector), .range(let selector, _): [selector]
    case .subquery(let body, _), .unary(_, let body), .parentheses(let body): body.selectors
    case .call(_, let arguments): arguments.flatMap(\.selectors)
    case .aggregation(let aggregation): (aggregation.parameter?.selectors ?? []) + aggregation.body.selectors
    case .binary(let binary): binary.left.selectors + binary.right.selectors
    }
  }
}

extension PromQL.Selector {
  fileprivate func check() throws(PromQL.Failure) {
    guard !name.isEmpty || matchers.contains(where: { !$0.takesEmpty }) else {
      throw PromQL.Failure(message: "a selector needs a name or a matcher that does not take the empty text")
    }
  }
}

extension PromQL.Aggregation {
  fileprivate func check() throws(PromQL.Failure) -> PromQL.Kind {
    try body.expect(.instantVector, "what \(name) aggregates")
    if let parameter { try parameter.expect(name == "count_values" ? .string : .scalar, "the parameter of \(name)") }
    return .instantVector
  }
}

extension PromQL.Binary {
  fileprivate func check() throws(PromQL.Failure) -> PromQL.Kind {
    let (first, second) = (try left.kind(), try right.kind())
    for kind in [first, second] where kind != .scalar && kind != .instantVector {
      throw PromQL.Failure(message: "\(operation.rawValue) takes scalars and instant vectors, not a \(kind.rawValue)")
    }
    let areScalars = first == .scalar && second == .scalar
    if operation.isComparison, areScalars, !isBool { throw PromQL.Failure(message: "comparisons of scalars need bool") }
    if operation.isSet, first == .scalar || second == .scalar {
      throw PromQL.Failure(message: "\(operation.rawValue) takes no scalars")
    }
    guard let matching else { return areScalars ? .scalar : .instantVector }
    // Prometheus lets an empty list of ignored labels pass between scalars.
    if first == .scalar || second == .scalar, !matching.labels.isEmpty || !matching.isIgnoring {
      throw PromQL.Failure(message: "labels are matched between instant vectors only")
    }
    if let many = matching.many {
      guard !operation.isSet else { throw PromQL.Failure(message: "\(operation.rawValue) knows no grouping") }
      let included =
        switch many {
        case .left(let labels), .right(let labels): labels
        }
      if !matching.isIgnoring, let twice = included.first(where: matching.labels.contains) {
        throw PromQL.Failure(message: "the label \(twice) is both matched and taken along")
      }
    }
    return areScalars ? .scalar : .instantVector
  }
}
