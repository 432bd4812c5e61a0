package import Dataflow

/// Whoever knows the attributes of the present span.
package protocol SpanAttributeValues {
  /// The text of an attribute; nil where there is none, or it is no text. Valid until the next span.
  func string(_ key: TelemetryKey) -> UnsafeBufferPointer<UInt8>?
  /// The whole number of an attribute, also where it is written as text.
  func integer(_ key: TelemetryKey) -> Int64?
}

extension TelemetryReader: SpanAttributeValues {}

/// Reads the columns `attributes` and `links` of spans: what `TelemetryReader` answers of a request, of a row.
///
/// Not safe to share between threads.
package final class SpanAttributes: SpanAttributeValues {
  private let text = OTLPText()
  private let keys = TelemetryKeyTable()
  /// Where the values stand, or -1.
  private var values = [Int](repeating: -1, count: TelemetryKey.allCases.count)
  private var ages = [Int](repeating: 0, count: TelemetryKey.allCases.count)
  private var hasValues = false
  private var scratch: [UnsafeMutableBufferPointer<UInt8>] = []

  /// A reader that has read nothing.
  package init() {}

  deinit { releaseScratch() }

  /// Takes the attributes of a span: a JSON object in the memory of a batch, or null.
  ///
  /// - Returns: false when it is something else; there are no attributes then.
  @discardableResult
  package func load(_ object: ByteView) -> Bool {
    releaseScratch()
    if hasValues { for index in values.indices { values[index] = -1 } }
    hasValues = false
    guard !object.isNull else { return true }
    guard text.load(object.buffer) == nil, var index = text.object(text.root) else { return false }
    while let member = text.next(&index) {
      if let (key, age) = keys.find(member.key), values[key.rawValue] < 0 || age < ages[key.rawValue] {
        values[key.rawValue] = member.value
        ages[key.rawValue] = age
        hasValues = true
      }
      index = text.end(of: member.value)
    }
    return true
  }

  package func string(_ key: TelemetryKey) -> UnsafeBufferPointer<UInt8>? {
    guard hasValues, values[key.rawValue] >= 0, let content = text.content(values[key.rawValue]) else { return nil }
    guard content.isEscaped else { return content.bytes }
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: content.bytes.count)
    scratch.append(copy)
    guard let base = copy.baseAddress else { return nil }
    return UnsafeBufferPointer(start: base, count: text.unescape(content.bytes, into: base))
  }

  package func integer(_ key: TelemetryKey) -> Int64? {
    guard hasValues, values[key.rawValue] >= 0 else { return nil }
    return text.integer(values[key.rawValue])
  }

  /// The spans of other traces that a list of links names. What was loaded before is gone.
  package func links(_ list: ByteView) -> [TelemetryLink] {
    guard !list.isNull, text.load(list.buffer) == nil, var index = text.array(text.root) else { return [] }
    hasValues = false
    for index in values.indices { values[index] = -1 }
    var links: [TelemetryLink] = []
    while let item = text.nextItem(&index) {
      if let link = text.link(item) { links.append(link) }
      index = text.end(of: item)
    }
    return links
  }

  private func releaseScratch() {
    for block in scratch { block.deallocate() }
    scratch.removeAll(keepingCapacity: true)
  }
}
