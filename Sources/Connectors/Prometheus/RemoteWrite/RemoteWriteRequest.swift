/// Walks a remote-write request on the wire, of either version (`prometheus.WriteRequest`, `io.prometheus.write.v2.Request`).
struct RemoteWriteRequest {
  enum Version: UInt8 {
    case one = 1
    case two = 2
  }

  typealias Text = UnsafeRawBufferPointer

  /// What 1.0 says about a family of series, in messages of their own.
  struct Metadata {
    var type: UInt64 = 0
    var family = Text(start: nil, count: 0)
    var help = Text(start: nil, count: 0)
    var unit = Text(start: nil, count: 0)
  }

  let version: Version
  private let bytes: UnsafeRawBufferPointer
  /// The texts that 2.0 refers to by number.
  private var symbols: [Text] = []

  /// - Throws: `MalformedProtobuf` for what is no list of fields, and for a table of symbols that does not begin with the empty one.
  init(_ bytes: UnsafeRawBufferPointer, _ version: Version) throws(MalformedProtobuf) {
    self.bytes = bytes
    self.version = version
    guard version == .two else { return }
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      if field.number == 4 { symbols.append(try Self.text(field)) }
    }
    guard symbols.first?.isEmpty ?? true else { throw MalformedProtobuf("the first symbol is not the empty one") }
  }

  /// Calls `series` for every series and `metadata` for every family, in their order.
  ///
  /// - Parameter place: filled for every series, and lent to the body with the bytes that it was read from.
  /// - Throws: `MalformedProtobuf`, and what the bodies throw.
  func walk(
    _ place: inout RemoteWriteSeries, series: (inout RemoteWriteSeries, UnsafeRawBufferPointer) throws -> Void,
    metadata: (Metadata) throws -> Void = { _ in }
  ) throws {
    var reader = WireReader(bytes)
    let number = version == .one ? 1 : 5
    while let field = try reader.next() {
      if field.number == number {
        let bytes = try Self.text(field)
        try load(bytes, &place)
        try series(&place, bytes)
      } else if field.number == 3, version == .one {
        try metadata(try Self.metadata(try Self.text(field)))
      }
    }
  }

  // MARK: A series

  private func load(_ bytes: UnsafeRawBufferPointer, _ series: inout RemoteWriteSeries) throws(MalformedProtobuf) {
    series.removeAll()
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch (version, field.number) {
      case (_, 1): try appendLabels(field, to: &series.labels)
      case (_, 2): series.samples.append(try Self.sample(try Self.text(field)))
      case (.one, 3), (.two, 4): try appendExemplar(try Self.text(field), to: &series)
      case (.one, 4), (.two, 3): series.histograms.append(try RemoteWriteHistogram(try Self.text(field)))
      case (.two, 5): series.metadata = try metadata(of: try Self.text(field))
      case (.two, 6): if case .varint(let value) = field.content { series.created = Int64(bitPattern: value) }
      default: break
      }
    }
  }

  /// A label as a message, or in 2.0 a list of references, two a label.
  private func appendLabels(_ field: WireReader.Field, to labels: inout [RemoteWriteSeries.Label]) throws(MalformedProtobuf) {
    let bytes = try Self.text(field)
    var reader = WireReader(bytes)
    if version == .one {
      let nothing = Text(rebasing: bytes[0..<0])
      var label = RemoteWriteSeries.Label(name: nothing, value: nothing)
      while let field = try reader.next() {
        if field.number == 1 { label.name = try Self.text(field) } else if field.number == 2 { label.value = try Self.text(field) }
      }
      labels.append(label)
      return
    }
    while !reader.isAtEnd {
      let name = try symbol(try reader.varint())
      guard !reader.isAtEnd else { throw MalformedProtobuf("a label has a name and no value") }
      labels.append(RemoteWriteSeries.Label(name: name, value: try symbol(try reader.varint())))
    }
  }

  private func appendExemplar(_ bytes: UnsafeRawBufferPointer, to series: inout RemoteWriteSeries) throws(MalformedProtobuf) {
    let start = series.exemplarLabels.count
    var sample = RemoteWriteSeries.Sample(value: 0, time: 0)
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, _): try appendLabels(field, to: &series.exemplarLabels)
      case (2, .fixed64(let bits)): sample.value = Double(bitPattern: bits)
      case (3, .varint(let value)): sample.time = Int64(bitPattern: value)
      default: break
      }
    }
    series.exemplars.append(.init(labels: start..<series.exemplarLabels.count, sample: sample))
  }

  private static func sample(_ bytes: UnsafeRawBufferPointer) throws(MalformedProtobuf) -> RemoteWriteSeries.Sample {
    var sample = RemoteWriteSeries.Sample(value: 0, time: 0)
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, .fixed64(let bits)): sample.value = Double(bitPattern: bits)
      case (2, .varint(let value)): sample.time = Int64(bitPattern: value)
      case (1, _), (2, _): throw MalformedProtobuf("a field of a sample has another wire type than its number says")
      default: break
      }
    }
    return sample
  }

  // MARK: Metadata

  private static func metadata(_ bytes: UnsafeRawBufferPointer) throws(MalformedProtobuf) -> Metadata {
    var metadata = Metadata()
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, .varint(let value)): metadata.type = value
      case (2, .bytes(let text)): metadata.family = text
      case (4, .bytes(let text)): metadata.help = text
      case (5, .bytes(let text)): metadata.unit = text
      default: break
      }
    }
    return metadata
  }

  private func metadata(of bytes: UnsafeRawBufferPointer) throws(MalformedProtobuf) -> (type: UInt64, help: Text, unit: Text) {
    var (type, help, unit): (UInt64, UInt64, UInt64) = (0, 0, 0)
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      guard case .varint(let value) = field.content else { continue }
      switch field.number {
      case 1: type = value
      case 3: help = value
      case 4: unit = value
      default: break
      }
    }
    return (type, try symbol(help), try symbol(unit))
  }

  // MARK: Helpers

  private func symbol(_ number: UInt64) throws(MalformedProtobuf) -> Text {
    if number == 0, symbols.isEmpty { return Text(rebasing: bytes[0..<0]) }
    guard number < UInt64(symbols.count) else { throw MalformedProtobuf("symbol \(number) does not exist") }
    return symbols[Int(number)]
  }

  private static func text(_ field: WireReader.Field) throws(MalformedProtobuf) -> Text {
    guard case .bytes(let text) = field.content else {
      throw MalformedProtobuf("field \(field.number) has another wire type than its number says")
    }
    return text
  }
}
