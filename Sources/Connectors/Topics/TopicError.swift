/// A topic that cannot be read or written, told so that a person can act.
package struct TopicError: Error, CustomStringConvertible, Equatable {
  package enum Kind: Sendable, Equatable {
    /// Nothing of that name.
    case missing
    /// Another process writes and does not end.
    case busy
    /// The broker does not answer, or answers that it cannot now.
    case unreachable
    /// The broker does not allow it, or takes no record like this.
    case refused
    /// Bytes are not what was written: file and offset are in the message.
    case damaged
    /// Retention removed what was to be read; the first offset that there is.
    case gone(first: Int64)
    /// The offsets are those of another topic of that name, or lie beyond its end.
    case replaced
  }
  package let kind: Kind
  package let message: String
  package let hint: String

  package init(_ kind: Kind, _ message: String, hint: String = "") {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  package var description: String { hint.isEmpty ? message : "\(message)\n  hint: \(hint)" }
}
