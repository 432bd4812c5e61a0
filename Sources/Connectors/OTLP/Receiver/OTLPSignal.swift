package import Dataflow

/// The three kinds of telemetry that OTLP carries.
package enum OTLPSignal: String, Sendable, CaseIterable {
  case traces
  case metrics
  case logs

  /// The path of the protocol's HTTP form.
  package var path: String { "/v1/\(rawValue)" }

  /// The method of the protocol's gRPC form.
  package var method: String {
    switch self {
    case .traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    case .metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
    case .logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
    }
  }

  /// The values of an option `signal`, the usual one first.
  static let choices = ["logs", "traces", "metrics"]

  /// The plan of the decoder for requests in a bytes field.
  package func decoder(of line: Field) -> PlannedOperator {
    switch self {
    case .traces: DecodeOTLPSpans.planned(line: line)
    case .metrics: DecodeOTLPMetrics.planned(line: line)
    case .logs: DecodeOTLPLogs.planned(line: line)
    }
  }

  /// The request's message.
  var message: OTLPMessage {
    switch self {
    case .traces: .traces
    case .metrics: .metrics
    case .logs: .logs
    }
  }

  /// The only member of a request in JSON, in its two spellings.
  var member: (StaticString, StaticString) {
    switch self {
    case .traces: ("resourceSpans", "resource_spans")
    case .metrics: ("resourceMetrics", "resource_metrics")
    case .logs: ("resourceLogs", "resource_logs")
    }
  }
}
