#if Avro
internal import Avro
internal import Dataflow
internal import Glibc

/// Avro values that no column holds (maps, arrays, records) travel as JSON text in a bytes column. Both ways.
enum AvroJSON {
  /// Writes the next value as JSON. Bytes become text, invalid UTF-8 in them U+FFFD; numbers that JSON cannot say become null.
  static func append(_ bytes: inout AvroBytes, _ type: AvroType, to output: inout [UInt8]) throws(AvroFault) {
    switch type {
    case .null: TextWriter.append(null: &output)
    case .boolean: output.append(contentsOf: (try bytes.bool() ? "true" : "false").utf8)
    case .int, .long: TextWriter.append(try bytes.long(), to: &output)
    case .float:
      let value = try bytes.float()
      if value.isFinite { output.append(contentsOf: value.description.utf8) } else { TextWriter.append(null: &output) }
    case .double: TextWriter.append(try bytes.double(), to: &output)
    case .bytes, .string: TextWriter.append(string: try bytes.counted().buffer, to: &output)
    case .enumeration(_, let symbols): TextWriter.append(string: symbols[try bytes.index(below: symbols.count)], to: &output)
    case .fixed(_, let size): TextWriter.append(string: try bytes.fixed(size).buffer, to: &output)
    case .union(let branches): try append(&bytes, branches[try bytes.index(below: branches.count)], to: &output)
    case .record(let record):
      output.append(UInt8(ascii: "{"))
      for (index, field) in record.fields.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        TextWriter.append(string: field.name, to: &output)
        output.append(UInt8(ascii: ":"))
        try append(&bytes, field.type, to: &output)
      }
      output.append(UInt8(ascii: "}"))
    case .array(let items):
      try list(&bytes, "[", "]", to: &output) { bytes, output throws(AvroFault) in try append(&bytes, items, to: &output) }
    case .map(let values):
      try list(&bytes, "{", "}", to: &output) { bytes, output throws(AvroFault) in
        TextWriter.append(string: try bytes.counted().buffer, to: &output)
        output.append(UInt8(ascii: ":"))
        try append(&bytes, values, to: &output)
      }
    }
  }

  private static func list(
    _ bytes: inout AvroBytes, _ open: Unicode.Scalar, _ close: Unicode.Scalar, to output: inout [UInt8],
    _ item: (inout AvroBytes, inout [UInt8]) throws(AvroFault) -> Void
  ) throws(AvroFault) {
    output.append(UInt8(ascii: open))
    var isFirst = true
    while case let count = try bytes.block(), count > 0 {
      for _ in 0..<count {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        try item(&bytes, &output)
      }
    }
    output.append(UInt8(ascii: close))
  }

  // MARK: From JSON

  /// Writes a JSON value as the type says. Texts are taken for strings as they are written, numbers and flags where a string is wanted too.
  ///
  /// - Returns: false when the value does not fit the type; part of it may be in `output` then.
  static func append(json text: OTLPText, _ value: Int, as type: AvroType, to output: inout [UInt8]) -> Bool {
    switch type {
    case .null: return text.isNull(value)
    case .boolean:
      let first = text.first(value)
      guard first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else { return false }
      output.append(first == UInt8(ascii: "t") ? 1 : 0)
    case .int, .long:
      guard text.content(value) == nil, let number = text.integer(value), type == .long || Int32(exactly: number) != nil else {
        return false
      }
      output.append(avro: number)
    case .float:
      guard let number = number(text, value) else { return false }
      output.append(integer: Float(number).bitPattern)
    case .double:
      guard let number = number(text, value) else { return false }
      output.append(integer: number.bitPattern)
    case .string, .bytes: string(text, value, to: &output)
    case .enumeration(_, let symbols):
      guard let content = text.content(value), let index = symbols.firstIndex(of: String(decoding: content.bytes, as: UTF8.self)) else {
        return false
      }
      output.append(avro: Int64(index))
    case .fixed(_, let size):
      guard let content = text.content(value), !content.isEscaped, content.bytes.count == size else { return false }
      output.append(contentsOf: content.bytes)
    case .union(let branches): return union(text, value, branches, to: &output)
    case .array(let items):
      guard var index = text.array(value) else { return false }
      return blocks(to: &output) { output, count in
        while let item = text.nextItem(&index) {
          guard append(json: text, item, as: items, to: &output) else { return false }
          count += 1
          index = text.end(of: item)
        }
        return true
      }
    case .map(let values):
      guard var index = text.object(value) else { return false }
      return blocks(to: &output) { output, count in
        while let member = text.next(&index) {
          output.append(avroText: member.key)
          guard append(json: text, member.value, as: values, to: &output) else { return false }
          count += 1
          index = text.end(of: member.value)
        }
        return true
      }
    case .record(let record):
      guard text.object(value) != nil else { return false }
      for field in record.fields {
        guard let member = member(field.name, of: value, text) else {
          guard case .union(let branches) = field.type, let null = branches.firstIndex(of: .null) else { return false }
          output.append(avro: Int64(null))
          continue
        }
        guard append(json: text, member, as: field.type, to: &output) else { return false }
      }
    }
    return true
  }

  /// One block of items, if there are any, and the mark of the end. The count goes in front when it is known.
  private static func blocks(to output: inout [UInt8], _ items: (inout [UInt8], inout Int) -> Bool) -> Bool {
    var (block, count): ([UInt8], Int) = ([], 0)
    guard items(&block, &count) else { return false }
    if count > 0 {
      output.append(avro: Int64(count))
      output.append(contentsOf: block)
    }
    output.append(0)
    return true
  }

  private static func union(_ text: OTLPText, _ value: Int, _ branches: [AvroType], to output: inout [UInt8]) -> Bool {
    // The first that fits; a string fits last, because it takes anything.
    let order = branches.indices.sorted { (branches[$0] == .string ? 1 : 0, $0) < (branches[$1] == .string ? 1 : 0, $1) }
    for branch in order {
      if text.isNull(value) != (branches[branch] == .null) { continue }
      let mark = output.count
      output.append(avro: Int64(branch))
      if append(json: text, value, as: branches[branch], to: &output) { return true }
      output.removeLast(output.count - mark)
    }
    return false
  }

  private static func member(_ name: String, of value: Int, _ text: OTLPText) -> Int? {
    guard var index = text.object(value) else { return nil }
    while let member = text.next(&index) {
      if member.key.elementsEqual(name.utf8) { return member.value }
      index = text.end(of: member.value)
    }
    return nil
  }

  private static func string(_ text: OTLPText, _ value: Int, to output: inout [UInt8]) {
    guard let content = text.content(value) else { return output.append(avroText: text.raw(value)) }
    guard content.isEscaped else { return output.append(avroText: content.bytes) }
    let plain = [UInt8](unsafeUninitializedCapacity: content.bytes.count) { target, count in
      count = target.baseAddress.map { text.unescape(content.bytes, into: $0) } ?? 0
    }
    plain.withUnsafeBufferPointer { output.append(avroText: $0) }
  }

  private static func number(_ text: OTLPText, _ value: Int) -> Double? {
    guard text.content(value) == nil else { return nil }
    return Double(String(decoding: text.raw(value), as: UTF8.self))
  }
}
#endif
