internal import Dataflow

/// Keeps the shapes of each service and says what their templates are.
///
/// - Input: records with a service, a shape and its template. All are absorbed; those without a shape count as filtered, and a shape that is not 32 hexadecimal
///   digits fails as `invalid-shape`.
/// - Output: rows (service, shape, fingerprint, template, revision) when the watermark rises, on a tick and at the end of input: one for each shape
///   whose fingerprint is new or another one than before, and one for each fingerprint that is no more, which stands in `shape` then. Following rows from
///   a shape leads to its fingerprint, so stored records need no second look. `revision` counts the changes of a service.
/// - State: a `ShapeMap` for each service and the fingerprints that were said last. Bounded by `limit`.
/// - Guarantees: the templates depend on the set of shapes only: not on the order, on how many subtasks saw them, or on restarts.
/// - Complexity: O(1) a record of a known shape. When there are new ones, once for each service and watermark a refinement: linear in the shapes kept
///   of the service but for templates that begin alike, which are compared pairwise (2,000 shapes: tens of milliseconds). A shape alone costs as much as many.
final class RefineTemplatesOperator: Operator {
  private let schema: Schema
  private let service: Field
  private let shape: Field
  private let template: Field
  private let limit: Int
  private var services: [KeyHash: RefinedService] = [:]
  /// Services with something to say.
  private var changed: Set<KeyHash> = []

  init(schema: Schema, service: Field, shape: Field, template: Field, limit: Int) {
    self.schema = schema
    self.service = service
    self.shape = shape
    self.template = template
    self.limit = limit
  }

  /// Takes the shapes of the alive rows. Throws what `output` throws.
  func process(_ batch: RecordBatch, _ output: Output) throws {
    let names = batch.bytes(service)
    let shapes = batch.bytes(shape)
    let templates = batch.bytes(template)
    var absorbed = 0
    var without = 0
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let view = shapes[row]
      if view.isNull || templates[row].isNull {
        without += 1
        continue
      }
      guard let id = HexID.read(view) else {
        try output.fail(batch, row: row, reason: "invalid-shape", detail: "a shape is 32 hexadecimal digits")
        continue
      }
      absorbed += 1
      let key = batch.keys[row]
      let service = services[key] ?? start(key, names[row])
      if service.knows(id) { continue }
      if service.add(id, Array(templates[row].buffer)) { changed.insert(key) }
    }
    output.absorb(absorbed)
    output.filtered(without)
  }

  private func start(_ key: KeyHash, _ name: ByteView) -> RefinedService {
    let service = RefinedService(name: name.isNull ? nil : Array(name.buffer), limit: limit)
    services[key] = service
    return service
  }

  /// Says what changed.
  func onWatermark(_ watermark: Int64, _ output: Output) throws { try flush(output) }
  /// Says what changed.
  func onTick(_ now: Int64, _ output: Output) throws { try flush(output) }
  /// Says what changed.
  func onEndOfInput(_ output: Output) throws { try flush(output) }

  private func flush(_ output: Output) throws {
    guard !changed.isEmpty else { return }
    var batch = RecordBatch(schema: schema)
    let fields = schema.fields
    for key in changed.sorted() {
      guard let service = services[key] else { continue }
      for row in service.changes() {
        let index = batch.appendRow()
        batch.bytes(fields[0])[index] = service.name.map { $0.withUnsafeBufferPointer { batch.copy($0) } } ?? .null
        batch.bytes(fields[1])[index] = HexID.write(row.shape, in: batch)
        batch.bytes(fields[2])[index] = HexID.write(row.template.fingerprint, in: batch)
        batch.bytes(fields[3])[index] = row.template.typedText.withUnsafeBufferPointer { batch.copy($0) }
        batch.int64s(fields[4])[index] = row.revision
        batch.nulls(fields[4])[index] = 0
        if batch.isFull {
          try output.emitResults(batch)
          batch = RecordBatch(schema: schema)
        }
      }
    }
    changed.removeAll()
    try output.emitResults(batch)
  }

  func snapshot(_ into: inout SnapshotBuilder) throws {
    // Values, shared until they change: taking them costs nothing, writing them down happens on another thread.
    let saved = services.map { (key: $0.key, isChanged: changed.contains($0.key), service: $0.value.saved) }
    into.add("services") {
      var bytes: [UInt8] = []
      bytes.append(integer: UInt32(saved.count))
      for (key, isChanged, service) in saved.sorted(by: { $0.key < $1.key }) {
        bytes.append(integer: key.high)
        bytes.append(integer: key.low)
        bytes.append(integer: UInt8(isChanged ? 1 : 0))
        service.encode(into: &bytes)
      }
      return bytes
    }
  }

  func restore(_ from: StateReader) throws {
    for section in from.sections("services") {
      try section.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        for _ in 0..<(try reader.integer(UInt32.self)) {
          let key = KeyHash(high: try reader.integer(), low: try reader.integer())
          let isChanged = try reader.integer(UInt8.self) != 0
          let service = try RefinedService(from: &reader, limit: limit)
          guard from.keyGroups.contains(key.group) else { continue }
          let hasNews = services[key]?.merge(service) ?? false
          if services[key] == nil { services[key] = service }
          if hasNews || isChanged { changed.insert(key) }
        }
      }
    }
  }
}
