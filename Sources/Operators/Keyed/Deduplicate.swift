public import Dataflow

/// `deduplicate`: the first record of each key within a stretch of event time.
public enum Deduplicate {
  /// The catalog entry `deduplicate`.
  public static let type = OperatorType(
    Descriptor(
      type: "deduplicate", summary: "Drops records whose key was already seen within `ttl` of event time.",
      fields: [
        ConfigField("key", .list(.string), required: true, example: "[event_id]", "The fields that make a record the same as another."),
        ConfigField(
          "ttl", .duration, required: true, example: "1h",
          "How far apart in event time two records of one key may be and still be the same."),
      ],
      example: "key: [event_id]\nttl: 1h")
  ) { config, input in
    let names = config.strings("key") ?? []
    let keys = try names.map { name in
      guard let field = input.field(name) else {
        throw config.diagnostic(
          "key", code: "config.unknown-field", "there is no field \"\(name)\"",
          detail: "the input has \(input.fields.map(\.name).joined(separator: ", "))", hint: "name one of them")
      }
      return field
    }
    let ttl = try TumblingWindow.positive(config, "ttl")
    return PlannedOperator(schema: input, keyFields: keys, needsTime: true) { DeduplicateOperator(ttl: ttl) }
  }
}

/// Drops records whose key was already seen within `ttl` of event time.
///
/// - Output: the input records, same order, repeats removed (they count as `duplicates`).
/// - State: one time per key, in a table per quarter of `ttl`; a table goes as a whole when the watermark has passed it by `ttl`.
/// - Guarantees: same output on replay. Late records are compared while their time is still remembered, and pass afterwards.
/// - Complexity: O(1) a record (at most six look-ups).
final class DeduplicateOperator: Operator {
  private let ttl: Int64
  private let step: Int64
  private var tables: [Int64: StateTable] = [:]
  private var watermark = Int64.min

  init(ttl: Int64) {
    self.ttl = ttl
    step = max(1, ttl / 4)
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    let dropped = batch.filterSelection { row in !isRepeat(batch.keys[row], batch.times[row]) }
    output.duplicate(dropped)
    try output.emit(batch)
  }

  /// Looks the key up in every table whose times may be within `ttl`, and remembers it.
  private func isRepeat(_ key: KeyHash, _ time: Int64) -> Bool {
    let bucket = time.flooredQuotient(step)
    let reach = ttl / step + 1
    for other in (bucket - reach)...(bucket + reach) {
      guard let row = tables[other]?.find(key) else { continue }
      let seen = row.load(fromByteOffset: 16, as: Int64.self)
      if (time > seen ? time - seen : seen - time) < ttl { return true }
    }
    if isExpired(bucket) { return false }
    let table = tables[bucket] ?? StateTable(payload: 8)
    tables[bucket] = table
    var inserted = false
    table.slot(key, inserted: &inserted).storeBytes(of: time, toByteOffset: 16, as: Int64.self)
    return false
  }

  private func isExpired(_ bucket: Int64) -> Bool { watermark != .min && (bucket + 1) * step - 1 + ttl <= watermark }

  func onWatermark(_ risen: Int64, _ output: Output) throws {
    watermark = max(watermark, risen)
    if tables.keys.contains(where: isExpired) { tables = tables.filter { !isExpired($0.key) } }
  }

  func snapshot(_ into: inout SnapshotBuilder) throws {
    let buckets = tables.keys.sorted()
    var meta: [UInt8] = []
    meta.append(integer: ttl)
    meta.append(integer: watermark)
    for bucket in buckets { meta.append(integer: bucket) }
    into.add("meta", meta)
    for bucket in buckets { if let table = tables[bucket] { into.add("keys/\(bucket)", table) } }
  }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      guard let meta = from.section("meta", of: writer) else { continue }
      var buckets: [Int64] = []
      try meta.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        let old = try reader.integer(Int64.self)
        guard old == ttl else {
          throw StateFormatError("the ttl was \(old) ns, now it is \(ttl) ns. Give the operator a new id to start it afresh")
        }
        watermark = max(watermark, try reader.integer())
        while !reader.isAtEnd { buckets.append(try reader.integer()) }
      }
      for bucket in buckets {
        let table = tables[bucket] ?? StateTable(payload: 8)
        tables[bucket] = table
        try from.forEachRow("keys/\(bucket)", of: writer, payload: 8) { row in
          var inserted = false
          table.slot(row.loadUnaligned(as: KeyHash.self), inserted: &inserted).copyMemory(from: row, byteCount: table.stride)
        }
      }
    }
  }
}
