#if Avro
/// Why a text is no Avro schema that can be used.
public struct AvroError: Error, CustomStringConvertible, Equatable {
  /// Lower case, no full stop.
  public let message: String

  init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}
#endif
