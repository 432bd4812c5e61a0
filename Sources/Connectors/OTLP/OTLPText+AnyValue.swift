internal import CScan

extension OTLPText {
  /// What an OTLP value wraps.
  enum Wrapped {
    case string
    case integer
    /// Written in JSON as it is in OTLP: a truth value, a double, bytes in base64.
    case plain
    case array
    case keyValues
  }

  /// An OTLP value, `{"stringValue": "x"}` and so on: the index of what it wraps, or nil for one that is empty.
  func wrapped(_ value: Int) -> (kind: Wrapped, value: Int)? {
    guard var index = object(value) else { return nil }
    var result: (kind: Wrapped, value: Int)?
    while let member = next(&index) {
      if member.is("stringValue", "string_value") {
        result = (.string, member.value)
      } else if member.is("intValue", "int_value") {
        result = (.integer, member.value)
      } else if member.is("boolValue", "bool_value") || member.is("doubleValue", "double_value") || member.is("bytesValue", "bytes_value") {
        result = (.plain, member.value)
      } else if member.is("arrayValue", "array_value") {
        result = (.array, member.value)
      } else if member.is("kvlistValue", "kvlist_value") {
        result = (.keyValues, member.value)
      }
      index = end(of: member.value)
    }
    return result
  }

  /// Appends an OTLP value as plain JSON: `{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}` becomes `{"a":1}`.
  func appendPlain(_ value: Int, to output: inout [UInt8]) {
    guard let (kind, inner) = wrapped(value), !isNull(inner) else {
      output.append(contentsOf: "null".utf8)
      return
    }
    switch kind {
    case .array:
      output.append(UInt8(ascii: "["))
      var count = 0
      forEachItem(ofValues: inner) { item in
        if count > 0 { output.append(UInt8(ascii: ",")) }
        appendPlain(item, to: &output)
        count += 1
      }
      output.append(UInt8(ascii: "]"))
    case .keyValues:
      output.append(UInt8(ascii: "{"))
      var count = 0
      forEachItem(ofValues: inner) { item in
        guard let (rawKey, value) = keyValue(item) else { return }
        if count > 0 { output.append(UInt8(ascii: ",")) }
        output.append(contentsOf: rawKey)
        output.append(UInt8(ascii: ":"))
        if let value { appendPlain(value, to: &output) } else { output.append(contentsOf: "null".utf8) }
        count += 1
      }
      output.append(UInt8(ascii: "}"))
    case .integer:
      // 64-bit integers travel as strings; plain JSON writes them as what they are.
      if let digits = content(inner)?.bytes, integer(inner) != nil, Self.isPlainInteger(digits) {
        output.append(contentsOf: digits)
      } else {
        output.append(contentsOf: raw(inner))
      }
    case .string, .plain: output.append(contentsOf: raw(inner))
    }
  }

  /// JSON has no leading zeros.
  private static func isPlainInteger(_ digits: UnsafeBufferPointer<UInt8>) -> Bool {
    let first = digits[0] == UInt8(ascii: "-") ? 1 : 0
    return digits[first] != UInt8(ascii: "0") || digits.count == first + 1
  }

  /// The items of `{"values":[…]}`.
  private func forEachItem(ofValues list: Int, _ body: (Int) -> Void) {
    guard var index = object(list) else { return }
    while let member = next(&index) {
      if member.is("values"), var at = array(member.value) {
        while let item = nextItem(&at) {
          body(item)
          at = end(of: item)
        }
        index = at
      } else {
        index = end(of: member.value)
      }
    }
  }

  /// `{"key": …, "value": …}`: the key as it is written, with quotes, and the value if there is one. Nil without a key.
  func keyValue(_ item: Int) -> (rawKey: UnsafeBufferPointer<UInt8>, value: Int?)? {
    guard var index = object(item) else { return nil }
    var key: UnsafeBufferPointer<UInt8>?
    var value: Int?
    while let member = next(&index) {
      index = end(of: member.value)
      if member.is("key"), first(member.value) == UInt8(ascii: "\"") {
        key = raw(member.value)
      } else if member.is("value") {
        value = member.value
      }
    }
    return key.map { ($0, value) }
  }
}
