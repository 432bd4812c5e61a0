internal import Dataflow

/// What the records of one scope share: the service, the environment and the attributes of resource and scope.
///
/// Loaded into the memory of the batch that is being filled, so it is loaded again for the next batch.
struct OTLPContext {
  private(set) var service = ByteView.null
  private(set) var environment = ByteView.null
  /// The attributes of resource and scope as a JSON object, for records that have none of their own.
  private(set) var attributes = ByteView.null
  private(set) var resource = OTLPAttributes()
  private(set) var scope = OTLPAttributes()
  private var json: [UInt8] = []

  /// Reads a `resource` and a `scope`, either of which may be absent. False when one of them is not what it should be.
  mutating func load(_ text: OTLPText, resource: Int?, scope: Int?, _ batch: RecordBatch) -> Bool {
    guard Self.load(text, resource, &self.resource), Self.load(text, scope, &self.scope) else { return false }
    service = string(text, ["service.name"], batch)
    environment = string(text, ["deployment.environment.name", "deployment.environment"], batch)
    attributes = write(text, OTLPAttributes(), batch)
    return true
  }

  private static func load(_ text: OTLPText, _ level: Int?, _ attributes: inout OTLPAttributes) -> Bool {
    attributes.removeAll()
    guard let level, !text.isNull(level) else { return true }
    guard var index = text.object(level) else { return false }
    while let member = text.next(&index) {
      if member.is("attributes"), !attributes.load(text, member.value) { return false }
      index = text.end(of: member.value)
    }
    return true
  }

  /// The first of the resource's attributes that is there, else "unknown".
  private func string(_ text: OTLPText, _ names: [StaticString], _ batch: RecordBatch) -> ByteView {
    for name in names {
      if let value = resource.string(name, text) {
        let view = text.string(value, batch)
        if view.count > 0 { return view }
      }
    }
    return batch.copy("unknown")
  }

  /// The attributes of all levels as one JSON object; where two levels have the same key, that of the inner one stands.
  mutating func joined(_ text: OTLPText, _ record: OTLPAttributes, _ batch: RecordBatch) -> ByteView {
    record.entries.isEmpty ? attributes : write(text, record, batch)
  }

  private mutating func write(_ text: OTLPText, _ record: OTLPAttributes, _ batch: RecordBatch) -> ByteView {
    json.removeAll(keepingCapacity: true)
    json.append(UInt8(ascii: "{"))
    for entry in resource.entries where !scope.contains(entry.rawKey) && !record.contains(entry.rawKey) { append(entry, text) }
    for entry in scope.entries where !record.contains(entry.rawKey) { append(entry, text) }
    for entry in record.entries { append(entry, text) }
    json.append(UInt8(ascii: "}"))
    return json.withUnsafeBufferPointer { batch.copy($0) }
  }

  private mutating func append(_ entry: OTLPAttributes.Entry, _ text: OTLPText) {
    if json.count > 1 { json.append(UInt8(ascii: ",")) }
    json.append(contentsOf: entry.rawKey)
    json.append(UInt8(ascii: ":"))
    if let value = entry.value { text.appendPlain(value, to: &json) } else { json.append(contentsOf: "null".utf8) }
  }
}
