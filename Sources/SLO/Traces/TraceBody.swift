/// All spans of a trace as bytes: its id, then a `SpanRecord` for each.
package enum TraceBody {
  private static let idBytes = 16

  /// Begins a body. Records are appended behind it.
  package static func begin(_ id: TraceID, _ bytes: inout [UInt8]) {
    for word in [id.high, id.low] { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
  }

  /// The trace's id; nil when the bytes are no body.
  package static func id(_ bytes: UnsafeRawBufferPointer) -> TraceID? {
    guard bytes.count > idBytes else { return nil }
    func word(_ offset: Int) -> UInt64 { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    return TraceID(high: word(0), low: word(8))
  }

  /// Appends the trace's spans to a store.
  ///
  /// - Returns: the number of the trace; nil when the bytes are no body.
  package static func read(_ bytes: UnsafeRawBufferPointer, into store: inout SpanStore) -> Int32? {
    guard let id = id(bytes) else { return nil }
    let trace = store.trace(id)
    var index = idBytes
    while index < bytes.count {
      guard let record = SpanRecord.read(bytes, at: &index) else { return nil }
      var row = record.row
      row.trace = trace
      row.step = store.step(service: store.services.intern(record.names.service), operation: store.names.intern(record.names.operation))
      row.declared = record.names.declared.isEmpty ? 0 : store.names.intern(record.names.declared)
      row.environment = record.names.environment.isEmpty ? 0 : store.environments.intern(record.names.environment)
      row.flags = record.flags
      row.peer = record.names.peer.isEmpty ? 0 : store.names.intern(record.names.peer)
      store.append(row)
      for link in record.links {
        store.append(SpanStore.Link(trace: trace, span: row.id, target: link.trace, targetSpan: link.span))
      }
    }
    return trace
  }
}
