extension RecordBatch {
  /// An empty batch with room for these fields only, in the columns they name. For `append`, which writes them all: nothing is null at first.
  package convenience init(fields: [Field], width: Int) {
    var schema = Schema()
    schema.layOut(fields, width: width)
    self.init()
    addColumns(of: schema, areNull: false)
  }

  /// The 64 bits of a fixed-size value, for hashing. Not for bytes and vectors.
  func bits(_ field: Field, _ row: Int) -> UInt64 {
    switch field.type {
    case .int64, .time: UInt64(bitPattern: int64s(field)[row])
    case .double: doubles(field)[row].bitPattern
    case .bool: bools(field)[row] ? 1 : 0
    case .bytes, .vector: preconditionFailure("bits of a variable-length field \"\(field.name)\"")
    }
  }

  /// Appends rows of another batch, column by column: provenance, keys and the given fields. Views are shared, their memory is retained.
  package func append(_ rows: UnsafeBufferPointer<UInt16>, of source: RecordBatch, fields: [Field]) {
    retainMemory(of: source)
    let start = count
    let n = rows.count
    for i in 0..<n { times[start + i] = source.times[Int(rows[i])] }
    for i in 0..<n { offsets[start + i] = source.offsets[Int(rows[i])] }
    for i in 0..<n { ordinals[start + i] = source.ordinals[Int(rows[i])] }
    for i in 0..<n { splits[start + i] = source.splits[Int(rows[i])] }
    for i in 0..<n { keys[start + i] = source.keys[Int(rows[i])] }
    for i in 0..<n { raws[start + i] = source.raws[Int(rows[i])] }
    for i in 0..<n { selection[selectedCount + i] = UInt16(truncatingIfNeeded: start + i) }
    for field in fields {
      switch field.type {
      case .bytes, .vector:
        let from = source.bytes(field)
        let to = bytes(field) + start
        for i in 0..<n { to[i] = from[Int(rows[i])] }
      case .bool:
        let (from, fromNulls) = (source.bools(field), source.nulls(field))
        let (to, toNulls) = (bools(field) + start, nulls(field) + start)
        for i in 0..<n {
          to[i] = from[Int(rows[i])]
          toNulls[i] = fromNulls[Int(rows[i])]
        }
      case .int64, .double, .time:
        // A double travels as its 64 bits: both are eight bytes of the same column.
        let (from, fromNulls) = (source.int64s(field), source.nulls(field))
        let (to, toNulls) = (int64s(field) + start, nulls(field) + start)
        for i in 0..<n {
          to[i] = from[Int(rows[i])]
          toNulls[i] = fromNulls[Int(rows[i])]
        }
      }
    }
    count += n
    selectedCount += n
  }

  /// A batch of its own with the alive rows and the schema's fields, for a second reader of the same output.
  func copy(_ schema: Schema) -> RecordBatch {
    let copy = RecordBatch(fields: schema.fields, width: schema.width)
    copy.append(UnsafeBufferPointer(start: selection, count: selectedCount), of: self, fields: schema.fields)
    return copy
  }
}
