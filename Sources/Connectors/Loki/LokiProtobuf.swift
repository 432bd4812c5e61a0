internal import Dataflow

/// Reads a push in protobuf (`logproto.PushRequest`), which agents send compressed with snappy.
///
/// Fields by number. Push: 1 streams. Stream: 1 labels, 2 entries. Entry: 1 timestamp (1 seconds, 2 nanoseconds), 2 line, 3 structured metadata
/// (1 name, 2 value). Others are skipped.
enum LokiProtobuf {
  private typealias Bytes = UnsafeRawBufferPointer

  /// What the spool keeps; nil when there were no entries.
  ///
  /// - Throws: `PushRejection`, which says what is wrong.
  static func kept(_ body: [UInt8]) throws(PushRejection) -> [UInt8]? {
    do {
      return try body.withUnsafeBytes { bytes in
        var streams = LokiStreams()
        try eachMessage(1, bytes) { try read($0, &streams) }
        return streams.end()
      }
    } catch let error as PushRejection { throw error } catch {
      throw PushRejection(.badRequest, "the body is no push request in protobuf: \(error)")
    }
  }

  private static func read(_ stream: Bytes, _ streams: inout LokiStreams) throws {
    streams.beginStream()
    // Before the entries, wherever they stand.
    try eachMessage(1, stream) { labels in
      guard LokiLabels.read(labels.bindMemory(to: UInt8.self), { streams.label($0, $1) }) else {
        throw PushRejection(.badRequest, "the labels of a stream cannot be read: \(String(decoding: labels.prefix(200), as: UTF8.self))")
      }
    }
    streams.beginEntries()
    try eachMessage(2, stream) { try read(entry: $0, &streams) }
  }

  private static func read(entry: Bytes, _ streams: inout LokiStreams) throws {
    streams.beginEntry()
    var (seconds, nanoseconds): (Int64, Int64) = (0, 0)
    var line = Bytes(start: nil, count: 0)
    var reader = WireReader(entry)
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, .bytes(let time)): (seconds, nanoseconds) = try read(time: time)
      case (2, .bytes(let text)): line = text
      case (3, .bytes(let pair)):
        var (name, value) = (Bytes(start: nil, count: 0), Bytes(start: nil, count: 0))
        try eachMessage(1, pair) { name = $0 }
        try eachMessage(2, pair) { value = $0 }
        streams.metadata(name.bindMemory(to: UInt8.self), value.bindMemory(to: UInt8.self))
      default: break
      }
    }
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (time, carry) = scaled.addingReportingOverflow(nanoseconds)
    // Beyond 64 bits it is held at the border, which no record can have been at.
    let bounded = overflow || carry ? (seconds < 0 ? Int64.min : Int64.max) : time
    streams.endEntry(time: bounded) { $0.body(line.bindMemory(to: UInt8.self)) }
  }

  private static func read(time: Bytes) throws -> (seconds: Int64, nanoseconds: Int64) {
    var result: (seconds: Int64, nanoseconds: Int64) = (0, 0)
    var reader = WireReader(time)
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, .varint(let value)): result.seconds = Int64(bitPattern: value)
      case (2, .varint(let value)): result.nanoseconds = Int64(Int32(truncatingIfNeeded: value))
      default: break
      }
    }
    return result
  }

  /// The contents of the fields of one number that are messages or texts, in order.
  private static func eachMessage(_ number: Int, _ message: Bytes, _ body: (Bytes) throws -> Void) throws {
    var reader = WireReader(message)
    while let field = try reader.next() {
      if field.number == number, case .bytes(let content) = field.content { try body(content) }
    }
  }
}
