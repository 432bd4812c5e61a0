internal import Dataflow

/// Writes an OTLP/JSON request of log records, in the order in which they come: what receivers of other protocols for logs keep in their spool.
///
/// ```
/// begin(resource) { record… } begin(resource) { record… } end()
/// ```
struct OTLPLogRequest {
  /// Attributes as JSON: `{"key":…,"value":…}`, with commas between them.
  struct Attributes {
    private(set) var json: [UInt8] = []

    var isEmpty: Bool { json.isEmpty }
    mutating func removeAll() { json.removeAll(keepingCapacity: true) }

    /// A text under a key, neither of which needs to be valid UTF-8.
    mutating func append(_ key: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>) {
      begin()
      TextWriter.append(string: key, to: &json)
      json.append(contentsOf: Self.stringValue)
      TextWriter.append(string: text, to: &json)
      json.append(contentsOf: Self.end)
    }

    /// A text under a key.
    mutating func append(_ key: StaticString, _ text: UnsafeBufferPointer<UInt8>) {
      append(UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount), text)
    }

    /// A key as JSON has it, with quotes, and what writes the OTLP value.
    mutating func append(rawKey: UnsafeBufferPointer<UInt8>, _ value: (inout [UInt8]) -> Void) {
      begin()
      TextWriter.append(text: rawKey, isQuoted: false, to: &json)
      json.append(contentsOf: Self.value)
      value(&json)
      json.append(UInt8(ascii: "}"))
    }

    private mutating func begin() {
      if !json.isEmpty { json.append(UInt8(ascii: ",")) }
      json.append(contentsOf: Self.key)
    }

    private static let key = Array(#"{"key":"#.utf8)
    private static let value = Array(#","value":"#.utf8)
    private static let stringValue = Array(#","value":{"stringValue":"#.utf8)
    private static let end = Array("}}".utf8)
  }

  private var json = Array(#"{"resourceLogs":["#.utf8)
  private var isOpen = false
  private var resources = 0
  /// Records so far.
  private(set) var count = 0
  /// Of those of the resource that is open.
  private var ofResource = 0

  /// Bytes so far.
  var byteCount: Int { json.count }

  /// Begins the records of a resource.
  mutating func begin(_ resource: Attributes) {
    close()
    json.append(contentsOf: (resources > 0 ? #",{"resource":{"attributes":["# : #"{"resource":{"attributes":["#).utf8)
    json.append(contentsOf: resource.json)
    json.append(contentsOf: #"]},"scopeLogs":[{"logRecords":["#.utf8)
    isOpen = true
    resources += 1
    ofResource = 0
  }

  /// Begins a record; `endRecord` ends it, and between them stands what the record has.
  ///
  /// - Parameters:
  ///   - time: nanoseconds since 1970; nil when the record does not say.
  ///   - observed: when it was received, for a record that does not say.
  mutating func beginRecord(time: Int64?, observed: Int64) {
    json.append(contentsOf: ofResource > 0 ? Self.nextTime : Self.firstTime)
    if time == nil { json.append(contentsOf: Self.observed) } else { json.append(contentsOf: Self.happened) }
    TextWriter.append(time ?? observed, to: &json)
    json.append(UInt8(ascii: "\""))
    count += 1
    ofResource += 1
  }

  /// The severity, in any spelling.
  mutating func severity(_ text: UnsafeBufferPointer<UInt8>) {
    json.append(contentsOf: Self.severity)
    TextWriter.append(string: text, to: &json)
  }

  /// The severity as OTLP numbers it.
  mutating func severity(number: Int64) {
    json.append(contentsOf: Self.number)
    TextWriter.append(number, to: &json)
  }

  /// The message.
  mutating func body(_ text: UnsafeBufferPointer<UInt8>) {
    json.append(contentsOf: Self.body)
    TextWriter.append(string: text, to: &json)
    json.append(UInt8(ascii: "}"))
  }

  /// The message as JSON has it, with quotes.
  mutating func body(rawString: UnsafeBufferPointer<UInt8>) {
    json.append(contentsOf: Self.body)
    TextWriter.append(text: rawString, isQuoted: false, to: &json)
    json.append(UInt8(ascii: "}"))
  }

  /// Ids in hexadecimal, checked by whoever hands them over; nil for none.
  mutating func ids(trace: UnsafeBufferPointer<UInt8>?, span: UnsafeBufferPointer<UInt8>?) {
    for (label, id) in [(Self.trace, trace), (Self.span, span)] {
      guard let id else { continue }
      json.append(contentsOf: label)
      TextWriter.append(string: id, to: &json)
    }
  }

  mutating func endRecord(_ attributes: Attributes) {
    if !attributes.isEmpty {
      json.append(contentsOf: Self.attributes)
      json.append(contentsOf: attributes.json)
      json.append(UInt8(ascii: "]"))
    }
    json.append(UInt8(ascii: "}"))
  }

  /// The request; nil when it holds no record.
  mutating func end() -> [UInt8]? {
    close()
    json.append(contentsOf: "]}".utf8)
    return count == 0 ? nil : json
  }

  private mutating func close() {
    if isOpen { json.append(contentsOf: "]}]}".utf8) }
    isOpen = false
  }

  private static let firstTime = Array("{".utf8)
  private static let nextTime = Array(",{".utf8)
  private static let happened = Array(#""timeUnixNano":""#.utf8)
  private static let observed = Array(#""observedTimeUnixNano":""#.utf8)
  private static let severity = Array(#","severityText":"#.utf8)
  private static let number = Array(#","severityNumber":"#.utf8)
  private static let body = Array(#","body":{"stringValue":"#.utf8)
  private static let trace = Array(#","traceId":"#.utf8)
  private static let span = Array(#","spanId":"#.utf8)
  private static let attributes = Array(#","attributes":["#.utf8)

  /// Whether these are that many hexadecimal digits.
  static func isHex(_ text: UnsafeBufferPointer<UInt8>, digits: Int) -> Bool {
    text.count == digits
      && text.allSatisfy { byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
      }
  }
}
