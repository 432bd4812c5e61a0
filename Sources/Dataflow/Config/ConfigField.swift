/// One option of a component: its name, type, default and words. Documentation, JSON schema, checks and decoding are all made from it.
public struct ConfigField: Sendable {
  /// What may stand there.
  public indirect enum Kind: Sendable {
    case string
    case bool
    /// An integer within bounds.
    case integer(ClosedRange<Int64>)
    case number
    /// Written with a unit: `5m`, `1h30m`, `250ms`.
    case duration
    /// Written with a unit: `64MiB`, `10kB`.
    case byteCount
    case choice([String])
    case list(Kind)
    /// A map from names that the user invents to values of one kind.
    case map(Kind)
    /// A nested object with fields of its own.
    case object([ConfigField])
    /// Checked by the component itself.
    case any
  }

  /// The key: camelCase.
  public var name: String
  /// What may stand there.
  public var kind: Kind
  /// Whether leaving it out is a mistake.
  public var isRequired: Bool
  /// As it would be written in YAML; nil when there is none.
  public var defaultValue: String?
  /// One sentence.
  public var summary: String
  /// A value as it would be written in YAML.
  public var example: String?
  /// Whether its value is never shown.
  public var isSecret: Bool

  /// A field; optional, without default, and no secret unless said otherwise.
  public init(
    _ name: String, _ kind: Kind, required: Bool = false, default defaultValue: String? = nil, example: String? = nil, secret: Bool = false,
    _ summary: String
  ) {
    self.name = name
    self.kind = kind
    self.isRequired = required
    self.defaultValue = defaultValue
    self.summary = summary
    self.example = example
    self.isSecret = secret
  }
}
