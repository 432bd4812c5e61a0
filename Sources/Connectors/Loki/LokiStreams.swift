internal import Dataflow

/// Writes the streams of a Loki push as OTLP/JSON: labels become attributes of the resource, structured metadata those of the record.
///
/// Service, environment, severity and the ids of traces are found under the names that are usual for labels, and stay there as well.
struct LokiStreams {
  private var request = OTLPLogRequest()
  private var resource = OTLPLogRequest.Attributes()
  private var attributes = OTLPLogRequest.Attributes()
  /// What the labels of the stream say, and what the metadata of the entry says.
  private var labels = Found()
  private var metadata = Found()

  /// What is known under a usual name: the rank of the name, and the text.
  private struct Found {
    var service: (rank: Int, text: [UInt8])?
    var environment: (rank: Int, text: [UInt8])?
    var severity: (rank: Int, text: [UInt8])?
    var trace: [UInt8]?
    var span: [UInt8]?

    mutating func note(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
      Self.note(name, value, LokiStreams.services, &service)
      Self.note(name, value, OTLPLogNames.environment, &environment)
      Self.note(name, value, LokiStreams.severities, &severity)
      if OTLPLogNames.rank(name, in: OTLPLogNames.trace) != nil, OTLPLogRequest.isHex(value, digits: 32) { trace = Array(value) }
      if OTLPLogNames.rank(name, in: OTLPLogNames.span) != nil, OTLPLogRequest.isHex(value, digits: 16) { span = Array(value) }
    }

    private static func note(
      _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ names: [StaticString],
      _ found: inout (rank: Int, text: [UInt8])?
    ) {
      guard value.count > 0, let rank = OTLPLogNames.rank(name, in: names), rank < found?.rank ?? .max else { return }
      found = (rank, Array(value))
    }
  }

  /// Loki itself looks for the name of a service under these labels.
  private static let services: [StaticString] =
    OTLPLogNames.service + ["name", "container", "container_name", "component", "workload", "job"]
  private static let severities: [StaticString] = OTLPLogNames.severity + ["detected_level"]

  /// Entries so far.
  var count: Int { request.count }

  /// Begins a stream; `label` for each of its labels and `beginEntries` follow.
  mutating func beginStream() {
    resource.removeAll()
    labels = Found()
  }

  mutating func label(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    resource.append(name, value)
    labels.note(name, value)
  }

  mutating func beginEntries() {
    labels.service?.text.withUnsafeBufferPointer { resource.append("service.name", $0) }
    labels.environment?.text.withUnsafeBufferPointer { resource.append("deployment.environment.name", $0) }
    request.begin(resource)
  }

  /// Begins an entry; `metadata` for each of its structured metadata and `endEntry` follow.
  mutating func beginEntry() {
    attributes.removeAll()
    metadata = Found()
  }

  mutating func metadata(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    attributes.append(name, value)
    metadata.note(name, value)
  }

  /// - Parameter line: writes the body.
  mutating func endEntry(time: Int64, _ line: (inout OTLPLogRequest) -> Void) {
    request.beginRecord(time: time, observed: time)
    if let severity = metadata.severity ?? labels.severity { severity.text.withUnsafeBufferPointer { request.severity($0) } }
    line(&request)
    (metadata.trace ?? labels.trace)?.withUnsafeBufferPointer { request.ids(trace: $0, span: nil) }
    (metadata.span ?? labels.span)?.withUnsafeBufferPointer { request.ids(trace: nil, span: $0) }
    request.endRecord(attributes)
  }

  /// What the spool keeps; nil when there were no entries.
  mutating func end() -> [UInt8]? { request.end() }
}
