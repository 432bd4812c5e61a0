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
        guard let entry = keyValue(item) else { return }
        if count > 0 { output.append(UInt8(ascii: ",")) }
        output.append(contentsOf: entry.rawKey)
        output.append(UInt8(ascii: ":"))
        if let value = entry.value { appendPlain(value, to: &output) } else { output.append(contentsOf: "null".utf8) }
        count += 1
      }
      output.append(UInt8(ascii: "}"))
    case .integer:
      output.append(contentsOf: plainInteger(inner) ?? raw(inner))
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

  /// `{"key": …, "value": …}`, with `end` left behind it. Nil without a key; `end` means nothing then.
  func keyValue(_ item: Int, end: inout Int) -> OTLPAttributes.Entry? {
    guard var index = object(item) else { return nil }
    var key: UnsafeBufferPointer<UInt8>?
    var value: Int?
    var plain: UnsafeBufferPointer<UInt8>?
    while let member = next(&index) {
      if member.is("key"), first(member.value) == UInt8(ascii: "\"") {
        key = raw(member.value)
        index = member.value + (key?.count ?? 0)
      } else if member.is("value") {
        value = member.value
        plain = self.plain(member.value, end: &index)
      } else {
        index = self.end(of: member.value)
      }
    }
    end = index
    return key.map { OTLPAttributes.Entry(rawKey: $0, value: value, plain: plain) }
  }

  /// An OTLP value that wraps one thing which plain JSON writes in the same way; nil for any other. `end` is left behind the value in any case.
  private func plain(_ value: Int, end: inout Int) -> UnsafeBufferPointer<UInt8>? {
    guard var index = object(value), let member = next(&index) else {
      end = self.end(of: value)
      return nil
    }
    let inner = raw(member.value)
    index += inner.count
    // 64-bit integers travel as strings; plain JSON writes them as what they are.
    let number = member.is("intValue", "int_value") ? plainInteger(member.value) : nil
    let isPlain =
      member.is("stringValue", "string_value") || member.is("boolValue", "bool_value") || member.is("doubleValue", "double_value")
      || member.is("bytesValue", "bytes_value")
    guard next(&index) == nil else {
      end = self.end(of: value)
      return nil
    }
    end = index
    return isPlain && first(member.value) != UInt8(ascii: "n") ? inner : number
  }

  /// The digits of a whole number, without quotes around it; nil for what JSON would write in another way.
  private func plainInteger(_ value: Int) -> UnsafeBufferPointer<UInt8>? {
    guard integer(value) != nil else { return nil }
    let digits = content(value)?.bytes ?? raw(value)
    return Self.isPlainInteger(digits) ? digits : nil
  }

  /// The same, without a need for its end.
  private func keyValue(_ item: Int) -> OTLPAttributes.Entry? {
    var end = 0
    return keyValue(item, end: &end)
  }
}
