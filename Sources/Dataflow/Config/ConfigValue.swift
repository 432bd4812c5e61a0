/// A value of a job file that remembers where it was written. Everything below the YAML reader sees only this.
public struct ConfigValue: Hashable, Sendable {
  /// What stands there.
  public indirect enum Content: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case list([ConfigValue])
    /// Keys in the order of the file.
    case map([Entry])
  }

  /// One key of a map and its value.
  public struct Entry: Hashable, Sendable {
    /// The key as it was written.
    public var key: String
    /// Where the key stands.
    public var keyLocation: SourceLocation?
    /// What stands behind it.
    public var value: ConfigValue

    /// An entry; a key that a program adds has no location.
    public init(key: String, keyLocation: SourceLocation? = nil, value: ConfigValue) {
      self.key = key
      self.keyLocation = keyLocation
      self.value = value
    }
  }

  /// What stands there.
  public var content: Content
  /// Where it was written; nil for values that a program adds.
  public var location: SourceLocation?
  /// Length of the text in its line, for the caret.
  public var length: Int
  /// `operators.capsules.config.size`
  public var path: String
  /// Came from `${file:…}` or a field marked secret: prints as •••.
  public var isSecret: Bool
  /// Came, or a part of it, from a variable or a file rather than from the document.
  public var isFilledIn = false

  /// A value; without a location when it was not read from a file.
  public init(_ content: Content, at location: SourceLocation? = nil, length: Int = 1, path: String = "", isSecret: Bool = false) {
    self.content = content
    self.location = location
    self.length = length
    self.path = path
    self.isSecret = isSecret
  }

  /// The value under a key of a map, or nil.
  public subscript(key: String) -> ConfigValue? {
    guard case .map(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }
}
