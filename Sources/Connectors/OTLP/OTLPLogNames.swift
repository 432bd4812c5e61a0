/// What people call the parts of a log record, in order of preference. Case counts, except for what is matched by `OTLPWord`.
enum OTLPLogNames {
  static let time: [StaticString] = ["timestamp", "@timestamp", "time", "ts", "datetime", "eventTime"]
  static let message: [StaticString] = ["message", "msg", "log", "body", "text"]
  static let severity: [StaticString] = ["severity", "level", "severity_text", "severityText", "log.level", "loglevel", "lvl"]
  static let service: [StaticString] = ["service.name", "service_name", "service", "app", "application", "app_kubernetes_io_name"]
  static let environment: [StaticString] = [
    "deployment.environment.name", "deployment.environment", "deployment_environment_name", "deployment_environment", "environment", "env",
  ]
  static let trace: [StaticString] = ["trace_id", "traceId", "traceID", "trace.id"]
  static let span: [StaticString] = ["span_id", "spanId", "spanID", "span.id"]
  static let identifier: [StaticString] = ["event_id", "eventId", "event.id", "log.record.uid"]

  /// The place of a name in a list; nil when it is none of them.
  static func rank(_ name: UnsafeBufferPointer<UInt8>, in list: [StaticString]) -> Int? {
    list.firstIndex { known in
      known.utf8CodeUnitCount == name.count
        && name.elementsEqual(UnsafeBufferPointer(start: known.utf8Start, count: known.utf8CodeUnitCount))
    }
  }
}
