/// The tables of `OTLPMessage` as the transcoder walks them: one step for every number that a field may have, found by an index.
///
/// `@unchecked Sendable`: written while it is made, never after, and never freed.
struct OTLPSteps: @unchecked Sendable {
  /// How the content of a field is written.
  enum Code: UInt8 {
    case string, bool, int32, uint32, sint32, fixed32, int64, uint64, fixed64, sfixed64, double, bytes, hex, message
  }

  struct Step {
    var code: Code
    var isRepeated: Bool
    /// Its place among the fields of the message; negative for a number that the message does not have.
    var rank: Int
    /// As JSON writes it: `"name":`.
    var label: UnsafePointer<UInt8>
    var labelCount: Int
    /// The message that is its content.
    var inner: Int
  }

  /// A message: the steps of all its numbers, and which of them is to be written before all others.
  struct Message {
    var steps: UnsafeMutablePointer<Step>
    var leading: Int
  }

  /// Field numbers of OTLP are below this.
  static let numbers = 17

  static let all = OTLPSteps(roots: [OTLPMessage.logs, .traces, .metrics])

  let messages: UnsafePointer<Message>
  private let indices: [ObjectIdentifier: Int]

  /// Where a message of the three requests stands; nil for any other.
  func index(of message: OTLPMessage) -> Int? { indices[ObjectIdentifier(message)] }

  private init(roots: [OTLPMessage]) {
    var found: [OTLPMessage] = []
    var indices: [ObjectIdentifier: Int] = [:]
    func visit(_ message: OTLPMessage) {
      guard indices[ObjectIdentifier(message)] == nil else { return }
      indices[ObjectIdentifier(message)] = found.count
      found.append(message)
      for field in message.fields { if case .message(let inner) = field.kind { visit(inner()) } }
    }
    roots.forEach(visit)
    let messages = UnsafeMutablePointer<Message>.allocate(capacity: found.count)
    for (index, message) in found.enumerated() {
      (messages + index).initialize(to: Self.message(message, indices))
    }
    self.messages = UnsafePointer(messages)
    self.indices = indices
  }

  private static func message(_ message: OTLPMessage, _ indices: [ObjectIdentifier: Int]) -> Message {
    let steps = UnsafeMutablePointer<Step>.allocate(capacity: numbers)
    let nothing = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
    steps.initialize(
      repeating: Step(code: .bool, isRepeated: false, rank: -1, label: UnsafePointer(nothing), labelCount: 0, inner: 0), count: numbers)
    // A reader wants to know the schema before the long list in front of it on the wire.
    var leading = -1
    for (rank, field) in message.fields.enumerated() {
      precondition(field.number < numbers, "a field of OTLP has a number above those of the tables")
      let label = UnsafeMutablePointer<UInt8>.allocate(capacity: field.label.count)
      label.initialize(from: field.label, count: field.label.count)
      if field.label == Array("\"schemaUrl\":".utf8), rank > 0 { leading = field.number }
      var step = Step(
        code: .message, isRepeated: field.isRepeated, rank: rank, label: UnsafePointer(label), labelCount: field.label.count, inner: 0)
      switch field.kind {
      case .string: step.code = .string
      case .bool: step.code = .bool
      case .int32: step.code = .int32
      case .uint32: step.code = .uint32
      case .sint32: step.code = .sint32
      case .fixed32: step.code = .fixed32
      case .int64: step.code = .int64
      case .uint64: step.code = .uint64
      case .fixed64: step.code = .fixed64
      case .sfixed64: step.code = .sfixed64
      case .double: step.code = .double
      case .bytes: step.code = .bytes
      case .hex: step.code = .hex
      case .message(let inner): step.inner = indices[ObjectIdentifier(inner())] ?? 0
      }
      steps[field.number] = step
    }
    return Message(steps: steps, leading: leading)
  }
}
