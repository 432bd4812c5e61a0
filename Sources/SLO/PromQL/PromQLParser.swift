/// Reads expressions by recursive descent; depth is bounded.
struct PromQLParser {
  private let tokens: [(token: PromQLLexer.Token, offset: Int)]
  private var index = 0
  private var depth = 0

  static let aggregations: Set<String> = [
    "sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk", "count_values", "quantile",
  ]
  /// Those that take a parameter before the vector.
  static let parameterized: Set<String> = ["topk", "bottomk", "count_values", "quantile"]

  /// The expression of a text. It is not typed yet. Throws `PromQL.Failure`.
  static func parse(_ text: String) throws(PromQL.Failure) -> PromQL {
    var parser = PromQLParser(tokens: try PromQLLexer.tokens(text))
    let expression = try parser.expression(0)
    guard parser.token == .end else { throw parser.failure("unexpected text after the expression") }
    return expression
  }

  private init(tokens: [(token: PromQLLexer.Token, offset: Int)]) { self.tokens = tokens }

  private var token: PromQLLexer.Token { tokens[index].token }
  private func failure(_ message: String) -> PromQL.Failure { PromQL.Failure(message: message, offset: tokens[index].offset) }

  private mutating func take(_ symbol: String) -> Bool {
    guard token == .symbol(symbol) else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ symbol: String) throws(PromQL.Failure) {
    guard take(symbol) else { throw failure("expected \(symbol)") }
  }

  /// A keyword, in any case.
  private mutating func takeWord(_ words: String...) -> String? {
    guard case .word(let word) = token, words.contains(word.lowercased()) else { return nil }
    index += 1
    return word.lowercased()
  }

  private var operation: PromQL.Operation? {
    switch token {
    case .symbol(let symbol): PromQL.Operation(rawValue: symbol)
    case .word(let word):
      ["and", "or", "unless", "atan2"].contains(word.lowercased()) ? PromQL.Operation(rawValue: word.lowercased()) : nil
    default: nil
    }
  }

  /// Operators that bind at least as closely as `minimum`.
  private mutating func expression(_ minimum: Int) throws(PromQL.Failure) -> PromQL {
    depth += 1
    defer { depth -= 1 }
    guard depth < 200 else { throw failure("nested too deeply") }
    var left = try operand()
    while let operation, operation.precedence >= minimum {
      index += 1
      let isBool = takeWord("bool") != nil
      if isBool, !operation.isComparison { throw failure("bool stands after comparisons only") }
      let matching = try matching()
      // Powers are read from the right, all else from the left.
      let right = try expression(operation == .power ? operation.precedence : operation.precedence + 1)
      left = .binary(PromQL.Binary(left, operation, isBool: isBool, matching, right))
    }
    return left
  }

  private mutating func matching() throws(PromQL.Failure) -> PromQL.Matching? {
    guard let word = takeWord("on", "ignoring") else { return nil }
    var matching = PromQL.Matching(isIgnoring: word == "ignoring", try labels())
    if let side = takeWord("group_left", "group_right") {
      let included = token == .symbol("(") ? try labels() : []
      matching.many = side == "group_left" ? .left(included) : .right(included)
    }
    return matching
  }

  /// `(a, b)`; a comma may stand at the end.
  private mutating func labels() throws(PromQL.Failure) -> [String] {
    try expect("(")
    var labels: [String] = []
    while !take(")") {
      guard case .word(let label) = token, !label.contains(":") else { throw failure("expected a label") }
      index += 1
      labels.append(label)
      if token != .symbol(")") { try expect(",") }
    }
    return labels
  }

  private mutating func operand() throws(PromQL.Failure) -> PromQL {
    for sign in [PromQL.Sign.plus, .minus] where take(sign.rawValue) {
      // A sign binds looser than a power and closer than the rest.
      return .unary(sign, try expression(PromQL.Operation.power.precedence))
    }
    return try suffixes(try primary())
  }

  private mutating func primary() throws(PromQL.Failure) -> PromQL {
    switch token {
    case .number(let value):
      index += 1
      return .number(value)
    case .string(let text):
      index += 1
      return .string(text)
    case .symbol("("):
      index += 1
      let inner = try expression(0)
      try expect(")")
      return .parentheses(inner)
    case .symbol("{"): return .selector(PromQL.Selector("", try matchers()))
    case .word(let word): return try named(word)
    default: throw failure("expected an expression")
    }
  }

  /// Words that are no names of metrics; other keywords are, as in Prometheus.
  private static let keywords: Set<String> = ["atan2", "on", "ignoring", "group_left", "group_right", "bool"]

  private mutating func named(_ word: String) throws(PromQL.Failure) -> PromQL {
    let lower = word.lowercased()
    let next = tokens[index + 1].token
    if lower == "nan" || lower == "inf" {
      index += 1
      return .number(lower == "nan" ? .nan : .infinity)
    }
    let isGrouped = if case .word(let word) = next { ["by", "without"].contains(word.lowercased()) } else { false }
    if Self.aggregations.contains(lower), isGrouped || next == .symbol("(") {
      return try aggregation(lower)
    }
    if next == .symbol("(") {
      guard PromQLFunctions.all[word] != nil else { throw failure("there is no function \(word)") }
      index += 1
      return .call(word, try arguments())
    }
    guard !Self.keywords.contains(lower) else { throw failure("unexpected \(word)") }
    index += 1
    let matchers = token == .symbol("{") ? try matchers() : []
    guard !matchers.contains(where: { $0.label == "__name__" }) else {
      throw failure("the name is given twice")
    }
    return .selector(PromQL.Selector(word, matchers))
  }

  private mutating func arguments() throws(PromQL.Failure) -> [PromQL] {
    try expect("(")
    var arguments: [PromQL] = []
    if take(")") { return [] }
    repeat { arguments.append(try expression(0)) } while take(",")
    try expect(")")
    return arguments
  }

  private mutating func grouping() throws(PromQL.Failure) -> PromQL.Grouping? {
    guard let word = takeWord("by", "without") else { return nil }
    return PromQL.Grouping(isWithout: word == "without", try labels())
  }

  private mutating func aggregation(_ name: String) throws(PromQL.Failure) -> PromQL {
    index += 1
    var grouping = try grouping()
    let arguments = try arguments()
    if grouping == nil { grouping = try self.grouping() }
    let expected = Self.parameterized.contains(name) ? 2 : 1
    guard arguments.count == expected, let body = arguments.last else {
      throw failure("\(name) takes \(expected == 1 ? "one argument" : "two arguments"), not \(arguments.count)")
    }
    return .aggregation(PromQL.Aggregation(name, by: grouping, parameter: expected == 2 ? arguments[0] : nil, body))
  }

  private mutating func matchers() throws(PromQL.Failure) -> [PromQL.Matcher] {
    try expect("{")
    var matchers: [PromQL.Matcher] = []
    while !take("}") {
      guard case .word(let label) = token, !label.contains(":") else { throw failure("expected a label") }
      index += 1
      guard case .symbol(let symbol) = token, let comparison = PromQL.Matcher.Comparison(rawValue: symbol) else {
        throw failure("expected =, !=, =~ or !~")
      }
      index += 1
      guard case .string(let value) = token else { throw failure("expected a text") }
      if comparison == .matches || comparison == .matchesNot, !RegularExpressionCheck.isBalanced(value) {
        throw failure("the regular expression is not complete")
      }
      index += 1
      matchers.append(PromQL.Matcher(label, comparison, value))
      if token != .symbol("}") { try expect(",") }
    }
    return matchers
  }

  private mutating func duration() throws(PromQL.Failure) -> Int64 {
    guard case .duration(let value) = token, value > 0 else { throw failure("expected a duration") }
    index += 1
    return value
  }

  /// Ranges, offsets and times behind an expression.
  private mutating func suffixes(_ start: PromQL) throws(PromQL.Failure) -> PromQL {
    var expression = start
    while true {
      if token == .symbol("[") {
        expression = try bracket(expression)
      } else if takeWord("offset") != nil {
        let isNegative = take("-")
        let isZero = token == .duration(0)
        if isZero { index += 1 }
        let offset = isZero ? 0 : try duration()
        expression = try shifted(expression, "offset") { shift in
          guard shift.offset == nil else { return false }
          shift.offset = isNegative ? -offset : offset
          return true
        }
      } else if take("@") {
        let at = try time()
        expression = try shifted(expression, "@") { shift in
          guard shift.at == nil else { return false }
          shift.at = at
          return true
        }
      } else {
        return expression
      }
    }
  }

  private mutating func time() throws(PromQL.Failure) -> PromQL.Shift.At {
    if let word = takeWord("start", "end") {
      try expect("(")
      try expect(")")
      return word == "start" ? .start : .end
    }
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard case .number(let value) = token, value.isFinite else { throw failure("expected a time") }
    index += 1
    return .time(isNegative ? -value : value)
  }

  private func shifted(_ expression: PromQL, _ word: String, _ change: (inout PromQL.Shift) -> Bool) throws(PromQL.Failure) -> PromQL {
    switch expression {
    case .selector(var selector):
      guard change(&selector.shift) else { break }
      return .selector(selector)
    case .range(var selector, let range):
      guard change(&selector.shift) else { break }
      return .range(selector, range)
    case .subquery(let body, var subquery):
      guard change(&subquery.shift) else { break }
      return .subquery(body, subquery)
    default: throw failure("\(word) stands behind selectors and subqueries only")
    }
    throw failure("\(word) is given twice")
  }

  private mutating func bracket(_ expression: PromQL) throws(PromQL.Failure) -> PromQL {
    try expect("[")
    let range = try duration()
    if take(":") {
      let step = token == .symbol("]") ? nil : try duration()
      try expect("]")
      return .subquery(expression, PromQL.Subquery(range: range, step: step))
    }
    try expect("]")
    guard case .selector(let selector) = expression else { throw failure("a range stands behind selectors only") }
    guard selector.shift == PromQL.Shift() else { throw failure("a range stands before offset and @") }
    return .range(selector, range)
  }
}

/// What can be said of a regular expression without an engine.
enum RegularExpressionCheck {
  /// Whether its brackets close, no escape is cut off, and nothing is repeated at the beginning.
  static func isBalanced(_ pattern: String) -> Bool {
    var groups = 0
    var isClass = false
    var isEscaped = false
    var isStart = true
    for character in pattern {
      defer { isStart = !isEscaped && !isClass && (character == "(" || character == "|") }
      if isEscaped {
        isEscaped = false
        continue
      }
      switch character {
      case "\\": isEscaped = true
      case "[": isClass = true
      case "]": isClass = false
      case "(" where !isClass: groups += 1
      case ")" where !isClass: groups -= 1
      case "*" where isStart && !isClass, "+" where isStart && !isClass: return false
      case "?" where isStart && !isClass && groups == 0: return false
      default: break
      }
      if groups < 0 { return false }
    }
    return groups == 0 && !isClass && !isEscaped
  }
}
