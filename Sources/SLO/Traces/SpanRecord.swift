/// A span as bytes that stand alone: how spans wait for the rest of their trace, and travel from step to step of a job.
///
/// ```
/// id 8 | parent 8 | start 8 | end 8 | weight 4 | kind 1 | outcome 1 | flags 1 | links 1 | five texts, each 2 + n | links, each 24
/// ```
/// Little-endian. A text longer than 65,535 bytes is cut.
package enum SpanRecord {
  /// A text of a record, borrowed.
  package typealias Text = UnsafeBufferPointer<UInt8>

  /// What a record says in words. All borrowed for the call that takes them.
  package struct Names {
    package var service: Text
    package var operation: Text
    /// What its protocol calls the operation; empty where nothing says so.
    package var declared: Text
    package var environment: Text
    /// The other side of a call that may never answer with a span of its own: a database, a service outside; empty where nothing says so.
    package var peer: Text

    package init(service: Text, operation: Text, declared: Text, environment: Text, peer: Text) {
      self.service = service
      self.operation = operation
      self.declared = declared
      self.environment = environment
      self.peer = peer
    }
  }

  /// Bits of the flags.
  package enum Flag {
    /// It was there when the trace was handed on before.
    package static let known: UInt8 = 1
    /// The peer is a database.
    package static let database: UInt8 = 2
    /// The peer is a messaging system.
    package static let messaging: UInt8 = 4
  }

  /// What a short record takes: bytes divided by this are about as many spans, rather more.
  package static let usualBytes = 80

  private static let flagsOffset = 38
  private static let headBytes = 40
  private static let linkBytes = 24

  /// Appends a record. The row's numbers of names are not looked at.
  package static func append(
    _ row: SpanRow, _ names: Names, flags: UInt8 = 0, links: [(trace: TraceID, span: UInt64)] = [], to bytes: inout [UInt8]
  ) {
    let kept = links.prefix(255)
    withUnsafeTemporaryAllocation(byteCount: headBytes, alignment: 8) { head in
      head.storeBytes(of: row.id.littleEndian, as: UInt64.self)
      head.storeBytes(of: row.parent.littleEndian, toByteOffset: 8, as: UInt64.self)
      head.storeBytes(of: row.start.littleEndian, toByteOffset: 16, as: Int64.self)
      head.storeBytes(of: row.end.littleEndian, toByteOffset: 24, as: Int64.self)
      head.storeBytes(of: row.weight.bitPattern.littleEndian, toByteOffset: 32, as: UInt32.self)
      head.storeBytes(of: row.kind.rawValue, toByteOffset: 36, as: UInt8.self)
      head.storeBytes(of: row.outcome.rawValue, toByteOffset: 37, as: UInt8.self)
      head.storeBytes(of: flags, toByteOffset: flagsOffset, as: UInt8.self)
      head.storeBytes(of: UInt8(kept.count), toByteOffset: 39, as: UInt8.self)
      bytes.append(contentsOf: head)
    }
    append(names.service, to: &bytes)
    append(names.operation, to: &bytes)
    append(names.declared, to: &bytes)
    append(names.environment, to: &bytes)
    append(names.peer, to: &bytes)
    for link in kept {
      for word in [link.trace.high, link.trace.low, link.span] { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
    }
  }

  private static func append(_ text: Text, to bytes: inout [UInt8]) {
    let count = min(text.count, Int(UInt16.max))
    bytes.append(UInt8(truncatingIfNeeded: count))
    bytes.append(UInt8(truncatingIfNeeded: count >> 8))
    if count > 0 { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<count])) }
  }

  /// The id of a record's span.
  package static func id(_ record: UnsafeRawPointer) -> UInt64 { UInt64(littleEndian: record.loadUnaligned(as: UInt64.self)) }
  /// Whether its span has no parent.
  package static func isRoot(_ record: UnsafeRawPointer) -> Bool { record.loadUnaligned(fromByteOffset: 8, as: UInt64.self) == 0 }
  /// When its span began, nanoseconds since 1970.
  package static func start(_ record: UnsafeRawPointer) -> Int64 {
    Int64(littleEndian: record.loadUnaligned(fromByteOffset: 16, as: Int64.self))
  }
  /// Sets a flag.
  package static func set(_ flag: UInt8, _ record: UnsafeMutableRawPointer) {
    let flags = record.load(fromByteOffset: flagsOffset, as: UInt8.self)
    record.storeBytes(of: flags | flag, toByteOffset: flagsOffset, as: UInt8.self)
  }

  /// What a reader gets of one record; the texts are valid as long as the bytes.
  package struct View {
    package var row: SpanRow
    package var names: Names
    package var flags: UInt8
    package var links: [(trace: TraceID, span: UInt64)]
  }

  /// Reads the record at `index`, which is left behind it; nil when the bytes end before it does, or say what cannot be.
  package static func read(_ bytes: UnsafeRawBufferPointer, at index: inout Int) -> View? {
    guard bytes.count - index >= headBytes, let base = bytes.baseAddress else { return nil }
    let head = base + index
    @inline(__always) func integer<T: FixedWidthInteger>(_ offset: Int, _ type: T.Type = T.self) -> T {
      T(littleEndian: head.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
    guard let kind = SpanKind(rawValue: integer(36)), let outcome = SpanOutcome(rawValue: integer(37)) else { return nil }
    let row = SpanRow(
      id: integer(0), parent: integer(8), start: integer(16), end: integer(24), trace: 0, step: 0,
      weight: Float(bitPattern: integer(32)), kind: kind, outcome: outcome)
    let flags: UInt8 = integer(flagsOffset)
    let links = Int(integer(39, UInt8.self))
    var at = index + headBytes
    let end = bytes.count
    guard let service = text(base, &at, end), let operation = text(base, &at, end), let declared = text(base, &at, end),
      let environment = text(base, &at, end), let peer = text(base, &at, end), end - at >= links * linkBytes
    else { return nil }
    var view = View(
      row: row, names: Names(service: service, operation: operation, declared: declared, environment: environment, peer: peer),
      flags: flags, links: [])
    for _ in 0..<links {
      func word(_ offset: Int) -> UInt64 { UInt64(littleEndian: (base + at + offset).loadUnaligned(as: UInt64.self)) }
      view.links.append((TraceID(high: word(0), low: word(8)), word(16)))
      at += linkBytes
    }
    index = at
    return view
  }

  /// The text at an offset, which is left behind it; nil when the bytes end before it does.
  @inline(__always)
  private static func text(_ base: UnsafeRawPointer, _ at: inout Int, _ end: Int) -> Text? {
    guard end - at >= 2 else { return nil }
    let count = Int(UInt16(littleEndian: (base + at).loadUnaligned(as: UInt16.self)))
    guard end - at - 2 >= count else { return nil }
    let text = Text(start: (base + at + 2).assumingMemoryBound(to: UInt8.self), count: count)
    at += 2 + count
    return text
  }
}
