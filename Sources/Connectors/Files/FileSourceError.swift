public import Dataflow

/// A file, folder or pattern of a file source that cannot be used.
public struct FileSourceError: PermanentFailure, CustomStringConvertible, Equatable {
  /// Lower case, no full stop; names the file.
  public let message: String
  /// Something the reader can do, or empty.
  public let hint: String

  init(_ message: String, hint: String = "") {
    self.message = message
    self.hint = hint
  }

  /// The message, and the hint on a line of its own.
  public var description: String { hint.isEmpty ? message : "\(message)\n  hint: \(hint)" }
}
