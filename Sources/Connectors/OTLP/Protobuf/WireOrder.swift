/// Brings the fields of a message on the wire into the order of their numbers, each once unless it is a list.
enum WireOrder {
  /// Whether the fields that are known stand in the order of their numbers, each once unless it is a list.
  static func isOrdered(_ bytes: UnsafeRawBufferPointer, _ message: OTLPSteps.Message) throws(MalformedProtobuf) -> Bool {
    var reader = WireReader(bytes)
    var rank = -1
    while let field = try reader.next() {
      guard field.number < OTLPSteps.numbers, field.number != message.leading else { continue }
      let step = message.steps[field.number]
      guard step.rank >= 0 else { continue }
      if step.rank < rank || step.rank == rank && !step.isRepeated { return false }
      rank = step.rank
    }
    return true
  }

  /// The message in the one form that `OTLPTranscoder` writes in one pass: of a field that comes twice the last one, of a message the pieces together.
  static func canonical(_ bytes: UnsafeRawBufferPointer, _ message: OTLPSteps.Message) throws(MalformedProtobuf) -> [UInt8] {
    var found: [(rank: Int, number: Int, range: Range<Int>, content: WireReader.Field.Content)] = []
    var reader = WireReader(bytes)
    var start = 0
    while let field = try reader.next() {
      defer { start = reader.offset }
      guard field.number < OTLPSteps.numbers, message.steps[field.number].rank >= 0 else { continue }
      found.append((message.steps[field.number].rank, field.number, start..<reader.offset, field.content))
    }
    found = found.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
    var ordered = WireWriter()
    var index = 0
    while index < found.count {
      var end = index + 1
      while end < found.count, found[end].rank == found[index].rank { end += 1 }
      let step = message.steps[found[index].number]
      if step.isRepeated {
        for field in found[index..<end] { ordered.append(raw: UnsafeRawBufferPointer(rebasing: bytes[field.range])) }
      } else if step.code == .message, end > index + 1 {
        // Pieces of one message: their concatenation is the merged one.
        var whole: [UInt8] = []
        for case .bytes(let piece) in found[index..<end].map(\.content) { whole.append(contentsOf: piece) }
        ordered.append(found[index].number, whole)
      } else {
        ordered.append(raw: UnsafeRawBufferPointer(rebasing: bytes[found[end - 1].range]))
      }
      index = end
    }
    return ordered.bytes
  }
}
