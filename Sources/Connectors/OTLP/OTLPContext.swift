internal import Dataflow

/// What the records of one scope share: the service, the environment, and what is known of resource and scope.
///
/// Loaded into the memory of the batch that is being filled, so it is loaded again for the next batch.
struct OTLPContext {
  /// Where the parts of a resource and of a scope stand; nil for what is absent.
  struct Parts {
    var resource: Int?
    var resourceSchema: Int?
    var scope: Int?
    var scopeSchema: Int?
  }

  private(set) var service = ByteView.null
  private(set) var environment = ByteView.null
  /// The attributes of resource and scope as a JSON object, for records that have none of their own.
  private(set) var attributes = ByteView.null
  /// The attributes of the resource as a JSON object.
  private(set) var resourceAttributes = ByteView.null
  private(set) var scopeName = ByteView.null
  private(set) var scopeVersion = ByteView.null
  /// What resource and scope hold besides: `{"resource":{…},"scope":{…}}` in OTLP/JSON, null for nothing.
  private(set) var rest = ByteView.null
  private(set) var resource = OTLPAttributes()
  private(set) var scope = OTLPAttributes()
  private var json: [UInt8] = []

  /// Reads the parts. False when one of them is not what it should be.
  mutating func load(_ text: OTLPText, _ parts: Parts, _ batch: RecordBatch) -> Bool {
    scopeName = .null
    scopeVersion = .null
    json.removeAll(keepingCapacity: true)
    guard loadResource(text, parts.resource) else { return false }
    append(parts.resourceSchema, "schemaUrl", text, in: "resource")
    let middle = json.count
    guard loadScope(text, parts.scope, batch) else { return false }
    append(parts.scopeSchema, "schemaUrl", text, in: "scope", from: middle)
    rest = takeRest(middle, batch)
    service = string(text, ["service.name"], batch)
    environment = string(text, ["deployment.environment.name", "deployment.environment"], batch)
    resourceAttributes = write(text, resource, over: OTLPAttributes(), OTLPAttributes(), batch)
    attributes = scope.entries.isEmpty ? resourceAttributes : write(text, resource, over: scope, OTLPAttributes(), batch)
    return true
  }

  // MARK: Resource and scope

  private mutating func loadResource(_ text: OTLPText, _ level: Int?) -> Bool {
    resource.removeAll()
    guard let level, !text.isNull(level) else { return true }
    guard var index = text.object(level) else { return false }
    while let member = text.next(&index) {
      if member.is("attributes") {
        if !resource.load(text, &index) { return false }
      } else {
        append(member, text, in: "resource")
        index = text.end(of: member.value)
      }
    }
    return true
  }

  private mutating func loadScope(_ text: OTLPText, _ level: Int?, _ batch: RecordBatch) -> Bool {
    scope.removeAll()
    guard let level, !text.isNull(level) else { return true }
    guard var index = text.object(level) else { return false }
    let middle = json.count
    while let member = text.next(&index) {
      if member.is("attributes") {
        append(member, text, in: "scope", from: middle)
        if !scope.load(text, &index) { return false }
        continue
      }
      if member.is("name") {
        scopeName = text.string(member.value, batch)
      } else if member.is("version") {
        scopeVersion = text.string(member.value, batch)
      } else {
        append(member, text, in: "scope", from: middle)
      }
      index = text.end(of: member.value)
    }
    return true
  }

  /// Adds a member of resource or scope to the rest, as it is written.
  private mutating func append(_ member: OTLPText.Member, _ text: OTLPText, in level: StaticString, from start: Int = 0) {
    open(level, from: start)
    json.append(contentsOf: member.rawKey)
    json.append(UInt8(ascii: ":"))
    json.append(contentsOf: text.raw(member.value))
  }

  private mutating func append(_ value: Int?, _ name: StaticString, _ text: OTLPText, in level: StaticString, from start: Int = 0) {
    guard let value, text.content(value)?.bytes.count ?? 0 > 0 else { return }
    open(level, from: start)
    json.append(UInt8(ascii: "\""))
    json.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    json.append(contentsOf: "\":".utf8)
    json.append(contentsOf: text.raw(value))
  }

  private mutating func open(_ level: StaticString, from start: Int) {
    guard json.count == start else { return json.append(UInt8(ascii: ",")) }
    json.append(contentsOf: start == 0 ? "{\"".utf8 : "},\"".utf8)
    json.append(contentsOf: UnsafeBufferPointer(start: level.utf8Start, count: level.utf8CodeUnitCount))
    json.append(contentsOf: "\":{".utf8)
  }

  /// Closes the two objects. `middle` is where what the scope adds begins.
  private mutating func takeRest(_ middle: Int, _ batch: RecordBatch) -> ByteView {
    guard !json.isEmpty else { return .null }
    json.append(contentsOf: "}}".utf8)
    return json.withUnsafeBufferPointer { batch.copy($0) }
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

  // MARK: Attributes in plain JSON

  /// The attributes of all levels as one JSON object; where two levels have the same key, that of the inner one stands.
  mutating func joined(_ text: OTLPText, _ record: OTLPAttributes, _ batch: RecordBatch) -> ByteView {
    if record.entries.isEmpty { return attributes }
    if resource.mayShareKeys(with: record) || scope.mayShareKeys(with: record) {
      return write(text, resource, over: scope, record, batch)
    }
    // What all records share is there already, up to its brace: only the record's own have to be written.
    let room = attributes.count + record.rawCount + 2
    let target = batch.allocate(room)
    if let base = attributes.base { target.update(from: base, count: attributes.count - 1) }
    var count = attributes.count - 1
    for entry in record.entries {
      var value = entry.plain
      if value == nil {
        json.removeAll(keepingCapacity: true)
        if let value = entry.value { text.appendPlain(value, to: &json) } else { json.append(contentsOf: "null".utf8) }
        value = json.withUnsafeBufferPointer { batch.copy($0).buffer }
      }
      guard let value, count + entry.rawKey.count + value.count + 3 <= room else {
        // Empty values inside of lists grow: `{}` becomes `null`.
        return write(text, resource, over: scope, record, batch)
      }
      if count > 1 { Self.copy(UInt8(ascii: ","), target, &count) }
      Self.copy(entry.rawKey, target, &count)
      Self.copy(UInt8(ascii: ":"), target, &count)
      Self.copy(value, target, &count)
    }
    Self.copy(UInt8(ascii: "}"), target, &count)
    return ByteView(base: target, count: count)
  }

  private static func copy(_ bytes: UnsafeBufferPointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ count: inout Int) {
    if let base = bytes.baseAddress { (target + count).update(from: base, count: bytes.count) }
    count += bytes.count
  }

  private static func copy(_ byte: UInt8, _ target: UnsafeMutablePointer<UInt8>, _ count: inout Int) {
    target[count] = byte
    count += 1
  }

  /// Only the record's own attributes, as a JSON object.
  mutating func own(_ text: OTLPText, _ record: OTLPAttributes, _ batch: RecordBatch) -> ByteView {
    write(text, OTLPAttributes(), over: OTLPAttributes(), record, batch)
  }

  private mutating func write(
    _ text: OTLPText, _ outer: OTLPAttributes, over middle: OTLPAttributes, _ inner: OTLPAttributes, _ batch: RecordBatch
  ) -> ByteView {
    json.removeAll(keepingCapacity: true)
    json.append(UInt8(ascii: "{"))
    for entry in outer.entries where !middle.contains(entry.rawKey) && !inner.contains(entry.rawKey) { append(entry, text) }
    for entry in middle.entries where !inner.contains(entry.rawKey) { append(entry, text) }
    for entry in inner.entries { append(entry, text) }
    json.append(UInt8(ascii: "}"))
    return json.withUnsafeBufferPointer { batch.copy($0) }
  }

  private mutating func append(_ entry: OTLPAttributes.Entry, _ text: OTLPText) {
    if json.count > 1 { json.append(UInt8(ascii: ",")) }
    json.append(contentsOf: entry.rawKey)
    json.append(UInt8(ascii: ":"))
    if let plain = entry.plain {
      json.append(contentsOf: plain)
    } else if let value = entry.value {
      text.appendPlain(value, to: &json)
    } else {
      json.append(contentsOf: "null".utf8)
    }
  }
}
