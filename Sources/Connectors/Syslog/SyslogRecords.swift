internal import Dataflow

/// Writes syslog messages as OTLP/JSON. Nothing is refused: what cannot be taken apart is a record that is all message.
package struct SyslogRecords {
  private typealias Bytes = UnsafeBufferPointer<UInt8>

  private let offset: Int64
  private var request = OTLPLogRequest()
  private var resource = OTLPLogRequest.Attributes()
  private var attributes = OTLPLogRequest.Attributes()
  /// The resource of the record before.
  private var open: [UInt8]?

  /// - Parameter offset: seconds that senders' clocks are ahead of UTC, for times that do not say.
  package init(offset: Int64 = 0) { self.offset = offset }

  /// Messages so far.
  package var count: Int { request.count }
  /// Bytes of the request so far.
  package var byteCount: Int { request.byteCount }

  /// What the spool keeps; nil when there were no messages.
  package mutating func end() -> [UInt8]? { request.end() }

  /// - Parameters:
  ///   - now: when it came, in nanoseconds since 1970.
  ///   - isTruncated: whether it went on beyond the limit.
  package mutating func take(_ text: UnsafeBufferPointer<UInt8>, now: Int64, isTruncated: Bool = false) {
    let text = Self.trimmed(text)
    guard text.count > 0 else { return }
    let message = SyslogMessage(text, SyslogMessage.Clock(now: now, offset: offset))
    resource.removeAll()
    if let application = message.application { resource.append("service.name", application) }
    if let host = message.host { resource.append("host.name", host) }
    if open == nil || open != resource.json { request.begin(resource) }
    open = resource.json
    attributes.removeAll()
    attributes.append("syslog.facility", Self.bytes(message.priority.facility))
    attributes.append("syslog.severity", Self.bytes(message.priority.severity))
    if let process = message.process { attributes.append("process.pid", process) }
    if let identifier = message.identifier { attributes.append("syslog.msgid", identifier) }
    if let data = message.structuredData {
      attributes.append(rawKey: Self.bytes("\"syslog.structured_data\"")) { SyslogStructuredData.append(data, to: &$0) }
    }
    if isTruncated { attributes.append(rawKey: Self.bytes("\"syslog.truncated\"")) { $0.append(contentsOf: #"{"boolValue":true}"#.utf8) } }
    request.beginRecord(time: message.time, observed: now)
    request.severity(Self.bytes(message.priority.severity))
    request.body(message.body)
    request.endRecord(attributes)
  }

  private static func bytes(_ text: StaticString) -> Bytes { Bytes(start: text.utf8Start, count: text.utf8CodeUnitCount) }

  /// Without the line end and the zero byte that some senders put behind a message.
  private static func trimmed(_ text: Bytes) -> Bytes {
    var end = text.count
    while end > 0, text[end - 1] == 0x0A || text[end - 1] == 0x0D || text[end - 1] == 0 { end -= 1 }
    return Bytes(rebasing: text[..<end])
  }
}

/// The structured data of a message as an OTLP value: a map of maps.
enum SyslogStructuredData {
  /// - Parameter data: `[id name="value" …][…]`, its brackets and quotes checked.
  static func append(_ data: UnsafeBufferPointer<UInt8>, to json: inout [UInt8]) {
    json.append(contentsOf: #"{"kvlistValue":{"values":["#.utf8)
    var index = 0
    var isFirst = true
    func name() -> UnsafeBufferPointer<UInt8> {
      let start = index
      while index < data.count, !" ]=".utf8.contains(data[index]) { index += 1 }
      return UnsafeBufferPointer(rebasing: data[start..<index])
    }
    var plain: [UInt8] = []
    while index < data.count, data[index] == UInt8(ascii: "[") {
      index += 1
      begin(name(), isFirst, &json)
      isFirst = false
      json.append(contentsOf: #"{"kvlistValue":{"values":["#.utf8)
      var isFirstParameter = true
      while index < data.count, data[index] != UInt8(ascii: "]") {
        guard data[index] != UInt8(ascii: " ") else {
          index += 1
          continue
        }
        let parameter = name()
        // To the opening quote; of what is no parameter only the name is kept.
        while index < data.count, data[index] == UInt8(ascii: "=") { index += 1 }
        plain.removeAll(keepingCapacity: true)
        if index < data.count, data[index] == UInt8(ascii: "\"") {
          index += 1
          while index < data.count, data[index] != UInt8(ascii: "\"") {
            if data[index] == UInt8(ascii: "\\"), index + 1 < data.count, #""\]"#.utf8.contains(data[index + 1]) { index += 1 }
            plain.append(data[index])
            index += 1
          }
          index += 1
        }
        begin(parameter, isFirstParameter, &json)
        isFirstParameter = false
        json.append(contentsOf: #"{"stringValue":"#.utf8)
        TextWriter.append(string: plain, to: &json)
        json.append(contentsOf: "}}".utf8)
      }
      index += 1
      json.append(contentsOf: "]}}}".utf8)
    }
    json.append(contentsOf: "]}}".utf8)
  }

  private static func begin(_ key: UnsafeBufferPointer<UInt8>, _ isFirst: Bool, _ json: inout [UInt8]) {
    json.append(contentsOf: (isFirst ? #"{"key":"# : #",{"key":"#).utf8)
    TextWriter.append(string: key, to: &json)
    json.append(contentsOf: #","value":"#.utf8)
  }
}
