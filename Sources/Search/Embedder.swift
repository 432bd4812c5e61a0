/// Turns texts into vectors whose angles say how alike their meanings are.
///
/// Safe to call from several tasks. Vectors have length 1.
public protocol Embedder: Sendable {
  /// The model's name: vectors of different models have nothing to do with each other.
  var model: String { get }
  /// Numbers a vector.
  var dimensions: Int { get }
  /// Texts of one call, at most; a caller makes several calls for more.
  var maxTexts: Int { get }

  /// The vectors of the texts, in their order.
  ///
  /// - Throws: `EmbeddingError`: no vector is given then.
  func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]]
}

/// Vectors could not be had.
public struct EmbeddingError: Error, Equatable, CustomStringConvertible {
  /// What a caller can do about it.
  public enum Kind: Sendable, Equatable {
    /// Another try may help: the provider is busy, or away. Those that make sense were made.
    case transient
    /// These texts will not do, or some of them: one that is asked alone may pass.
    case refused
    /// No text will: a person must act.
    case unusable
  }
  /// What a caller can do about it.
  public let kind: Kind
  /// What happened, for people; holds no text that was to be embedded.
  public let message: String
  /// What a person can do about it; empty when there is nothing to say.
  public let hint: String

  /// A failure.
  public init(_ kind: Kind, _ message: String, hint: String = "") {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  /// The message, and the hint on a line of its own.
  public var description: String { hint.isEmpty ? message : "\(message)\n  hint: \(hint)" }
}

/// Checks vectors that somebody else made.
public enum VectorCheck {
  /// The vector at length 1; nil when it has a number that is none (NaN, infinity), or no direction.
  public static func normalized(_ vector: [Float]) -> [Float]? {
    var sum: Double = 0
    for value in vector { sum += Double(value) * Double(value) }
    guard sum.isFinite, sum > 0 else { return nil }
    let factor = Float(1 / sum.squareRoot())
    return factor.isFinite ? vector.map { $0 * factor } : nil
  }
}
