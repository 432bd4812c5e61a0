/// Writes an OTLP request in protobuf as OTLP/JSON, so that everything behind a receiver knows one form of telemetry.
///
/// Keeps every field of `OTLPMessage`; fields that those tables do not know (of later versions) are skipped. Strings that are not UTF-8 are
/// repaired. Lists may come packed or not, and in pieces; of a field that comes twice the last counts, messages are merged, as protobuf has it.
/// Members stand in the order of their numbers, but a `schemaUrl` before the list that it is about.
///
/// - Complexity: O(bytes) for what encoders write, in one pass; a message whose fields are out of order is put in order first.
package struct OTLPTranscoder: ~Copyable {
  /// Messages inside messages; OTLP itself needs 8, attribute values may nest.
  private static let deepest = 64

  /// So often a message may turn out to be out of order after a part of it was written; from then on the order is looked at first. Without
  /// that, messages inside of each other that all end with a field too early would be written twice as often at every level.
  private static let trustedRestarts = 16

  private var output: JSONBuffer
  private var restarts = 0
  private let messages = OTLPSteps.all.messages

  private init(capacity: Int) { output = JSONBuffer(capacity: capacity) }

  /// The request as one line of JSON. Throws `MalformedProtobuf`; then nothing of it may be used.
  package static func json(_ request: UnsafeRawBufferPointer, _ message: OTLPMessage) throws(MalformedProtobuf) -> [UInt8] {
    guard let index = OTLPSteps.all.index(of: message) else { throw MalformedProtobuf("not a message of OTLP") }
    var transcoder = OTLPTranscoder(capacity: request.count * 3 + 64)
    try transcoder.write(request, index, depth: 0)
    return transcoder.output.bytes
  }

  // MARK: Messages

  /// Writes a message whose fields stand in order, as encoders write them; any other is put in order and written then.
  private mutating func write(_ bytes: UnsafeRawBufferPointer, _ index: Int, depth: Int) throws(MalformedProtobuf) {
    guard depth < Self.deepest else { throw MalformedProtobuf("messages are nested deeper than \(Self.deepest)") }
    let message = messages[index]
    if restarts >= Self.trustedRestarts, !(try WireOrder.isOrdered(bytes, message)) {
      return try write(try WireOrder.canonical(bytes, message), index, depth)
    }
    let start = output.count
    output.append(UInt8(ascii: "{"))
    var isFirst = true
    if message.leading >= 0 { isFirst = !(try writeLeading(bytes, message)) }
    var reader = WireReader(bytes)
    var rank = -1
    var isInList = false
    var items = 0
    while let field = try reader.next() {
      guard field.number < OTLPSteps.numbers, field.number != message.leading else { continue }
      let step = message.steps[field.number]
      guard step.rank >= 0 else { continue }
      if step.rank == rank, isInList {
        try write(item: field.content, step, depth, &items)
        continue
      }
      guard step.rank > rank else {
        output.truncate(to: start)
        restarts += 1
        return try write(try WireOrder.canonical(bytes, message), index, depth)
      }
      if isInList { output.append(UInt8(ascii: "]")) }
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      output.append(step.label, step.labelCount)
      rank = step.rank
      isInList = step.isRepeated
      items = 0
      if isInList {
        output.append(UInt8(ascii: "["))
        try write(item: field.content, step, depth, &items)
      } else {
        try write(field.content, step, depth)
      }
    }
    if isInList { output.append(UInt8(ascii: "]")) }
    output.append(UInt8(ascii: "}"))
  }

  /// A message of its own memory.
  private mutating func write(_ ordered: [UInt8], _ index: Int, _ depth: Int) throws(MalformedProtobuf) {
    let span = ordered.span.bytes
    // What this throws is what `write` throws.
    var failure: MalformedProtobuf?
    span.withUnsafeBytes { bytes in
      do throws(MalformedProtobuf) { try write(bytes, index, depth: depth) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// The member that stands before all others, if the message has it. Of several the last counts.
  private mutating func writeLeading(_ bytes: UnsafeRawBufferPointer, _ message: OTLPSteps.Message) throws(MalformedProtobuf) -> Bool {
    var reader = WireReader(bytes)
    var last: WireReader.Field.Content?
    while let field = try reader.next() {
      if field.number == message.leading { last = field.content }
    }
    guard let last else { return false }
    let step = message.steps[message.leading]
    output.append(step.label, step.labelCount)
    try write(last, step, 0)
    return true
  }

  // MARK: Values

  /// An item of a list, or several of them packed.
  private mutating func write(
    item content: WireReader.Field.Content, _ step: OTLPSteps.Step, _ depth: Int, _ items: inout Int
  ) throws(MalformedProtobuf) {
    if case .bytes(let packed) = content {
      var reader = WireReader(packed)
      switch step.code {
      case .string, .bytes, .hex, .message: break
      case .fixed64, .sfixed64, .double:
        while !reader.isAtEnd { try write(one: .fixed64(try reader.fixed(UInt64.self)), step, depth, &items) }
        return
      case .fixed32:
        while !reader.isAtEnd { try write(one: .fixed32(try reader.fixed(UInt32.self)), step, depth, &items) }
        return
      case .bool, .int32, .uint32, .sint32, .int64, .uint64:
        while !reader.isAtEnd { try write(one: .varint(try reader.varint()), step, depth, &items) }
        return
      }
    }
    try write(one: content, step, depth, &items)
  }

  @inline(__always)
  private mutating func write(
    one content: WireReader.Field.Content, _ step: OTLPSteps.Step, _ depth: Int, _ items: inout Int
  ) throws(MalformedProtobuf) {
    if items > 0 { output.append(UInt8(ascii: ",")) }
    items += 1
    try write(content, step, depth)
  }

  private mutating func write(_ content: WireReader.Field.Content, _ step: OTLPSteps.Step, _ depth: Int) throws(MalformedProtobuf) {
    switch (step.code, content) {
    case (.message, .bytes(let bytes)): try write(bytes, step.inner, depth: depth + 1)
    case (.string, .bytes(let bytes)): output.append(string: bytes)
    case (.hex, .bytes(let bytes)): output.append(hex: bytes)
    case (.fixed64, .fixed64(let value)), (.uint64, .varint(let value)): quoted(value)
    case (.int64, .varint(let value)), (.sfixed64, .fixed64(let value)): quoted(Int64(bitPattern: value))
    case (.int32, .varint(let value)): output.append(Int64(Int32(truncatingIfNeeded: value)))
    case (.uint32, .varint(let value)): output.append(UInt64(UInt32(truncatingIfNeeded: value)))
    case (.sint32, .varint(let value)):
      // Zigzag: the sign is the lowest bit.
      let bits = UInt32(truncatingIfNeeded: value)
      output.append(Int64(Int32(bitPattern: bits >> 1) ^ -Int32(bitPattern: bits & 1)))
    case (.fixed32, .fixed32(let value)): output.append(UInt64(value))
    case (.bool, .varint(let value)): output.append(value == 0 ? "false" : "true")
    case (.double, .fixed64(let value)): output.append(Double(bitPattern: value))
    case (.bytes, .bytes(let bytes)):
      var text: [UInt8] = []
      Base64.append(bytes, to: &text)
      output.append(text)
    default: throw MalformedProtobuf("a field has another wire type than its number says")
    }
  }

  private mutating func quoted(_ value: UInt64) {
    output.append(UInt8(ascii: "\""))
    output.append(value)
    output.append(UInt8(ascii: "\""))
  }

  private mutating func quoted(_ value: Int64) {
    output.append(UInt8(ascii: "\""))
    output.append(value)
    output.append(UInt8(ascii: "\""))
  }
}
