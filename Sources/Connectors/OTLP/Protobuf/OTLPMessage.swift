/// The messages of OTLP: which fields they have, under which numbers, and how JSON names and writes them.
///
/// Written down from the field tables of opentelemetry-proto 1.x; names are those of the OTLP/JSON encoding.
package final class OTLPMessage: Sendable {
  /// How a field's content is written in JSON.
  package enum Kind: Sendable {
    case string
    case bool
    /// 32 bits and enums: a JSON number.
    case int32, uint32, sint32, fixed32
    /// 64 bits: a JSON string, because JSON's numbers lose bits.
    case int64, uint64, fixed64, sfixed64
    case double
    /// Bytes in base64.
    case bytes
    /// Ids of traces and spans: OTLP/JSON wants them in hexadecimal.
    case hex
    case message(@Sendable () -> OTLPMessage)
  }

  package struct Field: Sendable {
    package let number: Int
    /// As JSON writes it: `"name":`.
    package let label: [UInt8]
    package let kind: Kind
    package let isRepeated: Bool
  }

  /// In the order of their numbers.
  package let fields: [Field]

  private init(_ fields: [(Int, String, Kind, Bool)]) {
    self.fields = fields.sorted { $0.0 < $1.0 }.map { Field(number: $0, label: Array("\"\($1)\":".utf8), kind: $2, isRepeated: $3) }
  }

  private static func one(_ number: Int, _ name: String, _ kind: Kind) -> (Int, String, Kind, Bool) { (number, name, kind, false) }
  private static func many(_ number: Int, _ name: String, _ kind: Kind) -> (Int, String, Kind, Bool) { (number, name, kind, true) }
  private static func attributes(_ number: Int, _ name: String = "attributes") -> (Int, String, Kind, Bool) {
    many(number, name, .message { keyValue })
  }

  // MARK: Common

  package static let anyValue: OTLPMessage = OTLPMessage([
    one(1, "stringValue", .string), one(2, "boolValue", .bool), one(3, "intValue", .int64), one(4, "doubleValue", .double),
    one(5, "arrayValue", .message { arrayValue }), one(6, "kvlistValue", .message { keyValueList }), one(7, "bytesValue", .bytes),
  ])
  package static let arrayValue: OTLPMessage = OTLPMessage([many(1, "values", .message { anyValue })])
  package static let keyValueList: OTLPMessage = OTLPMessage([many(1, "values", .message { keyValue })])
  package static let keyValue: OTLPMessage = OTLPMessage([one(1, "key", .string), one(2, "value", .message { anyValue })])
  package static let entity: OTLPMessage = OTLPMessage([
    one(1, "schemaUrl", .string), one(2, "type", .string), many(3, "idKeys", .string), many(4, "descriptionKeys", .string),
  ])
  package static let resource: OTLPMessage = OTLPMessage([
    attributes(1), one(2, "droppedAttributesCount", .uint32), many(3, "entityRefs", .message { entity }),
  ])
  package static let scope: OTLPMessage = OTLPMessage([
    one(1, "name", .string), one(2, "version", .string), attributes(3), one(4, "droppedAttributesCount", .uint32),
  ])

  // MARK: Logs

  package static let logs: OTLPMessage = OTLPMessage([many(1, "resourceLogs", .message { resourceLogs })])
  package static let resourceLogs: OTLPMessage = OTLPMessage([
    one(1, "resource", .message { resource }), many(2, "scopeLogs", .message { scopeLogs }), one(3, "schemaUrl", .string),
  ])
  package static let scopeLogs: OTLPMessage = OTLPMessage([
    one(1, "scope", .message { scope }), many(2, "logRecords", .message { logRecord }), one(3, "schemaUrl", .string),
  ])
  package static let logRecord: OTLPMessage = OTLPMessage([
    one(1, "timeUnixNano", .fixed64), one(2, "severityNumber", .int32), one(3, "severityText", .string),
    one(5, "body", .message { anyValue }), attributes(6), one(7, "droppedAttributesCount", .uint32), one(8, "flags", .fixed32),
    one(9, "traceId", .hex), one(10, "spanId", .hex), one(11, "observedTimeUnixNano", .fixed64), one(12, "eventName", .string),
  ])

  // MARK: Traces

  package static let traces: OTLPMessage = OTLPMessage([many(1, "resourceSpans", .message { resourceSpans })])
  package static let resourceSpans: OTLPMessage = OTLPMessage([
    one(1, "resource", .message { resource }), many(2, "scopeSpans", .message { scopeSpans }), one(3, "schemaUrl", .string),
  ])
  package static let scopeSpans: OTLPMessage = OTLPMessage([
    one(1, "scope", .message { scope }), many(2, "spans", .message { span }), one(3, "schemaUrl", .string),
  ])
  package static let span: OTLPMessage = OTLPMessage([
    one(1, "traceId", .hex), one(2, "spanId", .hex), one(3, "traceState", .string), one(4, "parentSpanId", .hex), one(5, "name", .string),
    one(6, "kind", .int32), one(7, "startTimeUnixNano", .fixed64), one(8, "endTimeUnixNano", .fixed64), attributes(9),
    one(10, "droppedAttributesCount", .uint32), many(11, "events", .message { event }), one(12, "droppedEventsCount", .uint32),
    many(13, "links", .message { link }), one(14, "droppedLinksCount", .uint32), one(15, "status", .message { status }),
    one(16, "flags", .fixed32),
  ])
  package static let event: OTLPMessage = OTLPMessage([
    one(1, "timeUnixNano", .fixed64), one(2, "name", .string), attributes(3), one(4, "droppedAttributesCount", .uint32),
  ])
  package static let link: OTLPMessage = OTLPMessage([
    one(1, "traceId", .hex), one(2, "spanId", .hex), one(3, "traceState", .string), attributes(4),
    one(5, "droppedAttributesCount", .uint32), one(6, "flags", .fixed32),
  ])
  package static let status: OTLPMessage = OTLPMessage([one(2, "message", .string), one(3, "code", .int32)])

  // MARK: Metrics

  package static let metrics: OTLPMessage = OTLPMessage([many(1, "resourceMetrics", .message { resourceMetrics })])
  package static let resourceMetrics: OTLPMessage = OTLPMessage([
    one(1, "resource", .message { resource }), many(2, "scopeMetrics", .message { scopeMetrics }), one(3, "schemaUrl", .string),
  ])
  package static let scopeMetrics: OTLPMessage = OTLPMessage([
    one(1, "scope", .message { scope }), many(2, "metrics", .message { metric }), one(3, "schemaUrl", .string),
  ])
  package static let metric: OTLPMessage = OTLPMessage([
    one(1, "name", .string), one(2, "description", .string), one(3, "unit", .string), one(5, "gauge", .message { gauge }),
    one(7, "sum", .message { sum }), one(9, "histogram", .message { histogram }),
    one(10, "exponentialHistogram", .message { exponentialHistogram }), one(11, "summary", .message { summary }),
    attributes(12, "metadata"),
  ])
  package static let gauge: OTLPMessage = OTLPMessage([many(1, "dataPoints", .message { numberPoint })])
  package static let sum: OTLPMessage = OTLPMessage([
    many(1, "dataPoints", .message { numberPoint }), one(2, "aggregationTemporality", .int32), one(3, "isMonotonic", .bool),
  ])
  package static let histogram: OTLPMessage = OTLPMessage([
    many(1, "dataPoints", .message { histogramPoint }), one(2, "aggregationTemporality", .int32),
  ])
  package static let exponentialHistogram: OTLPMessage = OTLPMessage([
    many(1, "dataPoints", .message { exponentialPoint }), one(2, "aggregationTemporality", .int32),
  ])
  package static let summary: OTLPMessage = OTLPMessage([many(1, "dataPoints", .message { summaryPoint })])
  package static let numberPoint: OTLPMessage = OTLPMessage([
    one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64), one(4, "asDouble", .double),
    many(5, "exemplars", .message { exemplar }), one(6, "asInt", .sfixed64), attributes(7), one(8, "flags", .uint32),
  ])
  package static let histogramPoint: OTLPMessage = OTLPMessage([
    one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64), one(4, "count", .fixed64), one(5, "sum", .double),
    many(6, "bucketCounts", .fixed64), many(7, "explicitBounds", .double), many(8, "exemplars", .message { exemplar }), attributes(9),
    one(10, "flags", .uint32), one(11, "min", .double), one(12, "max", .double),
  ])
  package static let exponentialPoint: OTLPMessage = OTLPMessage([
    attributes(1), one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64), one(4, "count", .fixed64),
    one(5, "sum", .double), one(6, "scale", .sint32), one(7, "zeroCount", .fixed64), one(8, "positive", .message { buckets }),
    one(9, "negative", .message { buckets }), one(10, "flags", .uint32), many(11, "exemplars", .message { exemplar }),
    one(12, "min", .double), one(13, "max", .double), one(14, "zeroThreshold", .double),
  ])
  package static let buckets: OTLPMessage = OTLPMessage([one(1, "offset", .sint32), many(2, "bucketCounts", .uint64)])
  package static let summaryPoint: OTLPMessage = OTLPMessage([
    one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64), one(4, "count", .fixed64), one(5, "sum", .double),
    many(6, "quantileValues", .message { quantile }), attributes(7), one(8, "flags", .uint32),
  ])
  package static let quantile: OTLPMessage = OTLPMessage([one(1, "quantile", .double), one(2, "value", .double)])
  package static let exemplar: OTLPMessage = OTLPMessage([
    one(2, "timeUnixNano", .fixed64), one(3, "asDouble", .double), one(4, "spanId", .hex), one(5, "traceId", .hex),
    one(6, "asInt", .sfixed64), attributes(7, "filteredAttributes"),
  ])
}
