extension RecordBatch {
  /// Writes the alive rows whole, so that they can be part of a checkpoint: where they came from, their keys, and the schema's fields by name.
  package func encodeRows(_ schema: Schema, splits: SplitTable, into bytes: inout [UInt8]) {
    bytes.append(integer: UInt32(selectedCount))
    bytes.append(integer: UInt16(schema.fields.count))
    for field in schema.fields {
      bytes.append(counted: field.name)
      bytes.append(integer: field.type.code)
    }
    // Numbers of splits are those of one run; names last. Most rows of a batch share one.
    var (lastSplit, lastName): (UInt32?, String) = (nil, "")
    for index in 0..<selectedCount {
      let row = Int(selection[index])
      if self.splits[row] != lastSplit { (lastSplit, lastName) = (self.splits[row], splits.name(self.splits[row])) }
      bytes.append(counted: lastName)
      bytes.append(integer: times[row])
      bytes.append(integer: offsets[row])
      bytes.append(integer: ordinals[row])
      withUnsafeBytes(of: keys[row]) { bytes.append(contentsOf: $0) }
      bytes.append(view: raws[row])
      for field in schema.fields {
        switch field.type {
        case .bytes, .vector: bytes.append(view: self.bytes(field)[row])
        case .int64, .time, .double, .bool:
          let isNull = isNull(field, row)
          bytes.append(isNull ? 1 : 0)
          if !isNull { bytes.append(integer: bits(field, row)) }
        }
      }
    }
  }

  /// A batch of rows that `encodeRows` wrote, in the columns of this schema. A field that the schema has under another type, or not at all, is dropped;
  /// one that was not written is null.
  ///
  /// - Throws: `StateFormatError` when the bytes are none of `encodeRows`.
  package convenience init(decoding reader: inout ByteReader, _ schema: Schema, splits: SplitTable) throws {
    self.init(schema: schema)
    let count = try reader.integer(UInt32.self)
    guard count <= Self.capacity else { throw StateFormatError("\(count) rows of one batch") }
    let fields = try (0..<(try reader.integer(UInt16.self))).map { _ in
      let (name, code) = (try reader.text(), try reader.integer(UInt32.self))
      guard let isText = ColumnType.isText(code) else { throw StateFormatError("a field of type \(code)") }
      return (field: schema.field(name).flatMap { $0.type.code == code ? $0 : nil }, isText: isText)
    }
    for _ in 0..<count {
      let row = appendRow()
      self.splits[row] = splits.register(try reader.text())
      times[row] = try reader.integer()
      offsets[row] = try reader.integer()
      ordinals[row] = try reader.integer()
      keys[row] = try reader.take(MemoryLayout<KeyHash>.size).loadUnaligned(as: KeyHash.self)
      raws[row] = try copyOptional(&reader)
      for (field, isText) in fields {
        if isText {
          let view = try copyOptional(&reader)
          if let field { bytes(field)[row] = view }
        } else if try reader.integer(UInt8.self) == 0 {
          let bits = try reader.integer(UInt64.self)
          guard let field else { continue }
          nulls(field)[row] = 0
          switch field.type {
          case .bool: bools(field)[row] = bits != 0
          case .double: doubles(field)[row] = Double(bitPattern: bits)
          case .int64, .time, .bytes, .vector: int64s(field)[row] = Int64(bitPattern: bits)
          }
        }
      }
    }
  }

  private func copyOptional(_ reader: inout ByteReader) throws -> ByteView {
    let view = try reader.view()
    return view.isNull ? .null : copy(view.buffer)
  }
}

extension ColumnType {
  /// What stands for the type in checkpoints: never changes.
  fileprivate var code: UInt32 {
    switch self {
    case .int64: 0
    case .double: 1
    case .bool: 2
    case .time: 3
    case .bytes: 4
    case .vector(let dimensions): 16 + UInt32(clamping: dimensions)
    }
  }

  /// Whether values of the type have a length of their own; nil for a code of no type.
  fileprivate static func isText(_ code: UInt32) -> Bool? {
    switch code {
    case 0...3: false
    case 4, 16...: true
    default: nil
    }
  }
}
