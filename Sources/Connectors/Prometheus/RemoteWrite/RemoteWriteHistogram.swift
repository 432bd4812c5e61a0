internal import Dataflow

/// A native histogram, both versions alike: its count, sum and time, and everything else as JSON.
struct RemoteWriteHistogram {
  private(set) var count: Double?
  private(set) var sum: Double?
  /// Milliseconds since 1970.
  private(set) var time: Int64 = 0
  /// Schema, zero bucket, spans, deltas or counts, reset hint and custom bounds, in the words of the protocol.
  private(set) var buckets: [UInt8] = []

  /// Lists in the protocol's words, by the numbers of their fields.
  private static let lists: [(number: Int, name: String)] = [
    (8, "negativeSpans"), (9, "negativeDeltas"), (10, "negativeCounts"), (11, "positiveSpans"), (12, "positiveDeltas"),
    (13, "positiveCounts"), (16, "customValues"),
  ]

  init(_ bytes: UnsafeRawBufferPointer) throws(MalformedProtobuf) {
    var reader = WireReader(bytes)
    var items: [[UInt8]] = Self.lists.map { _ in [] }
    var members: [UInt8] = []
    func member(_ name: String, _ write: (inout [UInt8]) -> Void) {
      members.append(contentsOf: (members.isEmpty ? "{\"" : ",\"").utf8)
      members.append(contentsOf: "\(name)\":".utf8)
      write(&members)
    }
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, .varint(let value)): count = Double(value)
      case (2, .fixed64(let bits)): count = Double(bitPattern: bits)
      case (3, .fixed64(let bits)): sum = Double(bitPattern: bits)
      case (4, .varint(let value)): member("schema") { TextWriter.append(Self.signed(value), to: &$0) }
      case (5, .fixed64(let bits)): member("zeroThreshold") { TextWriter.append(Double(bitPattern: bits), to: &$0) }
      case (6, .varint(let value)): member("zeroCount") { TextWriter.append(Int64(clamping: value), to: &$0) }
      case (7, .fixed64(let bits)): member("zeroCount") { TextWriter.append(Double(bitPattern: bits), to: &$0) }
      case (14, .varint(let value)): member("resetHint") { TextWriter.append(Int64(clamping: value), to: &$0) }
      case (15, .varint(let value)): time = Int64(bitPattern: value)
      default:
        if let list = Self.lists.firstIndex(where: { $0.number == field.number }) { try Self.append(field, to: &items[list]) }
      }
    }
    for (list, items) in zip(Self.lists, items) where !items.isEmpty {
      member(list.name) { $0 += [UInt8(ascii: "[")] + items + [UInt8(ascii: "]")] }
    }
    buckets = members.isEmpty ? Array("{}".utf8) : members + [UInt8(ascii: "}")]
  }

  private static func append(_ field: WireReader.Field, to items: inout [UInt8]) throws(MalformedProtobuf) {
    func comma() { if !items.isEmpty { items.append(UInt8(ascii: ",")) } }
    switch (field.number, field.content) {
    case (8, .bytes(let span)), (11, .bytes(let span)):
      comma()
      try append(span: span, to: &items)
    case (9, .varint(let value)), (12, .varint(let value)):
      comma()
      TextWriter.append(signed(value), to: &items)
    case (9, .bytes(let packed)), (12, .bytes(let packed)):
      var reader = WireReader(packed)
      while !reader.isAtEnd {
        comma()
        TextWriter.append(signed(try reader.varint()), to: &items)
      }
    case (_, .fixed64(let bits)):
      comma()
      TextWriter.append(Double(bitPattern: bits), to: &items)
    case (_, .bytes(let packed)):
      var reader = WireReader(packed)
      while !reader.isAtEnd {
        comma()
        TextWriter.append(Double(bitPattern: try reader.fixed(UInt64.self)), to: &items)
      }
    default: throw MalformedProtobuf("a field of a histogram has another wire type than its number says")
    }
  }

  private static func append(span: UnsafeRawBufferPointer, to items: inout [UInt8]) throws(MalformedProtobuf) {
    var reader = WireReader(span)
    var (offset, length): (Int64, Int64) = (0, 0)
    while let field = try reader.next() {
      guard case .varint(let value) = field.content else { continue }
      if field.number == 1 { offset = signed(value) } else if field.number == 2 { length = Int64(clamping: value) }
    }
    items.append(contentsOf: "{\"offset\":".utf8)
    TextWriter.append(offset, to: &items)
    items.append(contentsOf: ",\"length\":".utf8)
    TextWriter.append(length, to: &items)
    items.append(UInt8(ascii: "}"))
  }

  /// Zigzag: the sign is the lowest bit.
  private static func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
}
