internal import Dataflow

extension OTLPText {
  /// Objects and arrays in each other beyond this are kept as their text: an OTLP value is four levels of JSON for each of its own.
  private static let deepest = 12

  /// Appends a JSON value as an OTLP value: the other direction of `appendPlain`.
  func appendWrapped(_ value: Int, depth: Int = 0, to output: inout [UInt8]) {
    switch first(value) {
    case UInt8(ascii: "\""): appendWrapped(raw: raw(value), "stringValue", to: &output)
    case UInt8(ascii: "t"), UInt8(ascii: "f"): appendWrapped(raw: raw(value), "boolValue", to: &output)
    case UInt8(ascii: "n"): output.append(contentsOf: "{}".utf8)
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      if depth >= Self.deepest {
        output.append(contentsOf: #"{"stringValue":"#.utf8)
        TextWriter.append(string: raw(value), to: &output)
        output.append(UInt8(ascii: "}"))
      } else if let start = array(value) {
        appendItems(start, depth, to: &output)
      } else if let start = object(value) {
        appendMembers(start, depth, to: &output)
      }
    default:
      let digits = raw(value)
      let isWhole = digits.count < 19 && digits.allSatisfy { $0 == UInt8(ascii: "-") || $0 &- UInt8(ascii: "0") <= 9 }
      appendWrapped(raw: digits, isWhole ? "intValue" : "doubleValue", to: &output)
    }
  }

  private func appendWrapped(raw: UnsafeBufferPointer<UInt8>, _ kind: StaticString, to output: inout [UInt8]) {
    output.append(contentsOf: [UInt8(ascii: "{"), UInt8(ascii: "\"")])
    output.append(contentsOf: UnsafeBufferPointer(start: kind.utf8Start, count: kind.utf8CodeUnitCount))
    output.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    TextWriter.append(text: raw, isQuoted: false, to: &output)
    output.append(UInt8(ascii: "}"))
  }

  private func appendItems(_ start: Int, _ depth: Int, to output: inout [UInt8]) {
    output.append(contentsOf: #"{"arrayValue":{"values":["#.utf8)
    var index = start
    var isFirst = true
    while let item = nextItem(&index) {
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      appendWrapped(item, depth: depth + 1, to: &output)
      index = end(of: item)
    }
    output.append(contentsOf: "]}}".utf8)
  }

  private func appendMembers(_ start: Int, _ depth: Int, to output: inout [UInt8]) {
    output.append(contentsOf: #"{"kvlistValue":{"values":["#.utf8)
    var index = start
    var isFirst = true
    while let member = next(&index) {
      output.append(contentsOf: (isFirst ? #"{"key":"# : #",{"key":"#).utf8)
      isFirst = false
      TextWriter.append(text: member.rawKey, isQuoted: false, to: &output)
      output.append(contentsOf: #","value":"#.utf8)
      appendWrapped(member.value, depth: depth + 1, to: &output)
      output.append(UInt8(ascii: "}"))
      index = end(of: member.value)
    }
    output.append(contentsOf: "]}}".utf8)
  }
}
