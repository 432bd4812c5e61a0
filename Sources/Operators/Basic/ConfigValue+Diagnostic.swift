internal import Dataflow

extension ConfigValue {
  /// A diagnostic at the place where the value was written.
  func diagnostic(_ code: DiagnosticCode, _ message: String, hint: String = "") -> Diagnostic {
    Diagnostic(.error, code, message, at: self, hint: hint)
  }

  /// The value's kind as a message calls it.
  var word: String {
    switch content {
    case .null: "nothing"
    case .bool: "a boolean"
    case .int: "an integer"
    case .double: "a number"
    case .string: "text"
    case .list: "a list"
    case .map: "a map"
    }
  }
}
