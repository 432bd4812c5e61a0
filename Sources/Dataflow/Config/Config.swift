/// The checked options of one component: every field of its descriptor, with defaults filled in and units resolved.
///
/// The loader makes it by walking the descriptor, so a component reads typed values and cannot meet a wrong type.
public struct Config: Sendable {
  /// A checked value, of the kind its field names.
  public enum Value: Sendable {
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    /// Nanoseconds.
    case duration(Int64)
    case byteCount(Int64)
    case list([Value])
    /// In the order of the file.
    case map([(key: String, value: Value)])
    case object(Config)
    case any(ConfigValue)
  }

  /// The checked values by the names of their fields; absent options without a default are not there.
  public private(set) var values: [String: Value]
  /// Where each option was written, for diagnostics that a component raises itself; absent for defaults.
  public private(set) var places: [String: ConfigValue]

  /// Options by name, and where each was written.
  public init(_ values: [String: Value] = [:], places: [String: ConfigValue] = [:]) {
    self.values = values
    self.places = places
  }

  /// The value of that option, or nil.
  public subscript(_ name: String) -> Value? { values[name] }

  /// The text of that option, or nil when it is absent or no text.
  public func string(_ name: String) -> String? {
    if case .string(let value)? = values[name] { return value }
    return nil
  }
  /// The flag, or nil when it is absent or no flag.
  public func bool(_ name: String) -> Bool? {
    if case .bool(let value)? = values[name] { return value }
    return nil
  }
  /// The integer, or nil when it is absent or no integer.
  public func int(_ name: String) -> Int? {
    if case .int(let value)? = values[name] { return Int(value) }
    return nil
  }
  /// The number, or nil when it is absent or no number.
  public func double(_ name: String) -> Double? {
    switch values[name] {
    case .double(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }
  /// Nanoseconds.
  public func duration(_ name: String) -> Int64? {
    if case .duration(let value)? = values[name] { return value }
    return nil
  }
  /// The number of bytes, or nil when it is absent or none.
  public func byteCount(_ name: String) -> Int? {
    if case .byteCount(let value)? = values[name] { return Int(value) }
    return nil
  }
  /// The list's values, or nil when it is absent or no list.
  public func list(_ name: String) -> [Value]? {
    if case .list(let value)? = values[name] { return value }
    return nil
  }
  /// The texts of a list; values that are no text are left out.
  public func strings(_ name: String) -> [String]? {
    list(name)?.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }
  /// The entries of a map in the order in which they were written.
  public func map(_ name: String) -> [(key: String, value: Value)]? {
    if case .map(let value)? = values[name] { return value }
    return nil
  }
  /// The options inside a nested object.
  public func object(_ name: String) -> Config? {
    if case .object(let value)? = values[name] { return value }
    return nil
  }

  /// A diagnostic at the place where the option was written.
  public func diagnostic(_ name: String, code: String, _ message: String, detail: String = "", hint: String = "") -> Diagnostic {
    let place = places[name]
    return Diagnostic(
      code: code, message, at: place?.location, length: place?.length ?? 1, path: place?.path ?? name, detail: detail, hint: hint)
  }
}
