internal import Dataflow

extension ConfigValue {
  /// A diagnostic at the place where the value was written.
  func diagnostic(_ code: String, _ message: String, detail: String = "", hint: String = "") -> Diagnostic {
    Diagnostic(code: code, message, at: location, length: length, path: path, detail: detail, hint: hint)
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
