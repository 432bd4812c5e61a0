/// An expression of Prometheus' query language, as written: parsing what is printed gives the same value again.
package indirect enum PromQL: Sendable, Equatable {
  case number(Double)
  case string(String)
  /// An instant vector: `up{job="a"} offset 1h`.
  case selector(Selector)
  /// A range vector: `up[5m]`; milliseconds.
  case range(Selector, Int64)
  /// `rate(x[5m])[1h:1m]`.
  case subquery(PromQL, Subquery)
  case call(String, [PromQL])
  case aggregation(Aggregation)
  case unary(Sign, PromQL)
  case binary(Binary)
  case parentheses(PromQL)

  /// What an expression evaluates to.
  package enum Kind: String, Sendable {
    case scalar
    case string
    case instantVector = "instant vector"
    case rangeVector = "range vector"
  }

  package enum Sign: String, Sendable {
    case plus = "+"
    case minus = "-"
  }

  /// Which series.
  package struct Selector: Sendable, Equatable {
    package var name: String
    package var matchers: [Matcher]
    package var shift: Shift

    /// An empty name stands for none. The matchers keep their order.
    package init(_ name: String, _ matchers: [Matcher] = [], shift: Shift = Shift()) {
      self.name = name
      self.matchers = matchers
      self.shift = shift
    }
  }

  /// A condition on a label.
  package struct Matcher: Sendable, Equatable {
    package enum Comparison: String, Sendable {
      case equal = "="
      case notEqual = "!="
      case matches = "=~"
      case matchesNot = "!~"
    }
    package var label: String
    package var comparison: Comparison
    package var value: String

    package init(_ label: String, _ comparison: Comparison = .equal, _ value: String) {
      self.label = label
      self.comparison = comparison
      self.value = value
    }

    /// Whether a series without the label would pass, as far as can be said without running the expression.
    var takesEmpty: Bool {
      switch comparison {
      case .equal: value.isEmpty
      case .notEqual: !value.isEmpty
      case .matches: value.isEmpty || value == ".*"
      case .matchesNot: !(value.isEmpty || value == ".*")
      }
    }
  }

  /// A selector or subquery that looks at another time.
  package struct Shift: Sendable, Equatable {
    package enum At: Sendable, Equatable {
      case start
      case end
      /// Seconds since 1970.
      case time(Double)
    }
    /// Milliseconds back; negative ones look ahead.
    package var offset: Int64?
    package var at: At?

    package init(offset: Int64? = nil, at: At? = nil) {
      self.offset = offset
      self.at = at
    }
  }

  package struct Subquery: Sendable, Equatable {
    /// Milliseconds.
    package var range: Int64
    /// Milliseconds; nil is the server's evaluation interval.
    package var step: Int64?
    package var shift: Shift

    package init(range: Int64, step: Int64? = nil, shift: Shift = Shift()) {
      self.range = range
      self.step = step
      self.shift = shift
    }
  }

  package struct Grouping: Sendable, Equatable {
    package var isWithout: Bool
    package var labels: [String]

    package init(isWithout: Bool = false, _ labels: [String]) {
      self.isWithout = isWithout
      self.labels = labels
    }
  }

  package struct Aggregation: Sendable, Equatable {
    package var name: String
    package var grouping: Grouping?
    package var parameter: PromQL?
    package var body: PromQL

    package init(_ name: String, by grouping: Grouping? = nil, parameter: PromQL? = nil, _ body: PromQL) {
      self.name = name
      self.grouping = grouping
      self.parameter = parameter
      self.body = body
    }
  }

  /// How the series of two vectors find each other.
  package struct Matching: Sendable, Equatable {
    package enum Many: Sendable, Equatable {
      case left([String])
      case right([String])
    }
    package var isIgnoring: Bool
    package var labels: [String]
    package var many: Many?

    package init(isIgnoring: Bool = false, _ labels: [String], many: Many? = nil) {
      self.isIgnoring = isIgnoring
      self.labels = labels
      self.many = many
    }
  }

  package struct Binary: Sendable, Equatable {
    package var left: PromQL
    package var operation: Operation
    package var isBool: Bool
    package var matching: Matching?
    package var right: PromQL

    package init(_ left: PromQL, _ operation: Operation, isBool: Bool = false, _ matching: Matching? = nil, _ right: PromQL) {
      self.left = left
      self.operation = operation
      self.isBool = isBool
      self.matching = matching
      self.right = right
    }
  }

  package enum Operation: String, Sendable, CaseIterable {
    case power = "^"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case arcTangent = "atan2"
    case add = "+"
    case subtract = "-"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case and
    case unless
    case or

    /// Higher binds closer.
    var precedence: Int {
      switch self {
      case .power: 6
      case .multiply, .divide, .modulo, .arcTangent: 5
      case .add, .subtract: 4
      case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 3
      case .and, .unless: 2
      case .or: 1
      }
    }
    var isComparison: Bool { precedence == 3 }
    var isSet: Bool { precedence <= 2 }
  }

  /// Why a text is no expression.
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package var message: String
    /// The byte of the text, from 0; nil when it is about the expression as a whole.
    package var offset: Int?

    package var description: String { offset.map { "\(message) at byte \($0)" } ?? message }
  }

  /// The expression of a text, parsed and typed. Throws `Failure`.
  package static func checked(_ text: String) throws(Failure) -> PromQL {
    let expression = try PromQLParser.parse(text)
    _ = try expression.kind()
    return expression
  }
}
