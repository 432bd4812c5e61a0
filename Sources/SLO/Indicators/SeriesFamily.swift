/// A set of metrics that some instrument writes, and where it puts what we ask for.
package struct SeriesFamily: Sendable, Equatable {
  package var title: String
  /// The counter of all requests.
  package var count: String
  /// The condition for failed ones, on the same counter; a counter of its own when `errorCount` is set.
  package var error: PromQL.Matcher?
  package var errorCount: String?
  /// The histogram's buckets.
  package var bucket: String
  /// The histogram's own count.
  package var bucketCount: String
  /// Nanoseconds in a unit of `le`.
  package var unit: Int64
  /// Conditions that always hold.
  package var fixed: [PromQL.Matcher] = []
  /// Labels with the service's name, the likeliest first.
  package var serviceLabels: [String]
  /// The label with the operation; none when the metrics know services only.
  package var operationLabel: String?
  /// The label with the method, where the operation is a route alone.
  package var methodLabel: String?

  /// Our own metrics.
  package static let journey = SeriesFamily(
    title: "journey metrics", count: "journey_requests_total", errorCount: "journey_errors_total",
    bucket: "journey_duration_seconds_bucket",
    bucketCount: "journey_duration_seconds_count", unit: 1_000_000_000, serviceLabels: ["entry_service"])

  /// What others write, in the order in which we prefer it: the more it knows of the operation, the better.
  package static let known: [SeriesFamily] = [
    spans("span metrics", "traces_span_metrics_calls_total", "traces_span_metrics_duration_seconds", 1_000_000_000),
    spans("span metrics", "traces_span_metrics_calls_total", "traces_span_metrics_duration_milliseconds", 1_000_000),
    spans("span metrics (older names)", "calls_total", "duration_milliseconds", 1_000_000),
    SeriesFamily(
      title: "Tempo's span metrics", count: "traces_spanmetrics_calls_total",
      error: PromQL.Matcher("status_code", .equal, "STATUS_CODE_ERROR"), bucket: "traces_spanmetrics_latency_bucket",
      bucketCount: "traces_spanmetrics_latency_count", unit: 1_000_000_000,
      fixed: [PromQL.Matcher("span_kind", .equal, "SPAN_KIND_SERVER")], serviceLabels: ["service"], operationLabel: "span_name"),
    http("OpenTelemetry HTTP", "http_server_request_duration_seconds", 1_000_000_000, "http_response_status_code", "http_request_method"),
    http("OpenTelemetry HTTP (older)", "http_server_duration_milliseconds", 1_000_000, "http_status_code", "http_method"),
    SeriesFamily(
      title: "OpenTelemetry RPC", count: "rpc_server_duration_milliseconds_count",
      // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
      error: PromQL.Matcher("rpc_grpc_status_code", .matches, "2|4|12|13|14|15"), bucket: "rpc_server_duration_milliseconds_bucket",
      bucketCount: "rpc_server_duration_milliseconds_count", unit: 1_000_000, serviceLabels: ["service_name", "job"],
      operationLabel: "rpc_method"),
    SeriesFamily(
      title: "Istio", count: "istio_requests_total", error: PromQL.Matcher("response_code", .matches, "5.."),
      bucket: "istio_request_duration_milliseconds_bucket", bucketCount: "istio_request_duration_milliseconds_count", unit: 1_000_000,
      fixed: [PromQL.Matcher("reporter", .equal, "destination")],
      serviceLabels: ["destination_canonical_service", "destination_service_name", "destination_workload"]),
    SeriesFamily(
      title: "ingress-nginx", count: "nginx_ingress_controller_requests", error: PromQL.Matcher("status", .matches, "5.."),
      bucket: "nginx_ingress_controller_request_duration_seconds_bucket",
      bucketCount: "nginx_ingress_controller_request_duration_seconds_count", unit: 1_000_000_000,
      serviceLabels: ["exported_service", "service", "ingress"]),
  ]

  private static func spans(_ title: String, _ count: String, _ histogram: String, _ unit: Int64) -> SeriesFamily {
    SeriesFamily(
      title: title, count: count, error: PromQL.Matcher("status_code", .equal, "STATUS_CODE_ERROR"), bucket: histogram + "_bucket",
      bucketCount: histogram + "_count", unit: unit, fixed: [PromQL.Matcher("span_kind", .equal, "SPAN_KIND_SERVER")],
      serviceLabels: ["service_name", "service"], operationLabel: "span_name")
  }

  private static func http(_ title: String, _ histogram: String, _ unit: Int64, _ status: String, _ method: String) -> SeriesFamily {
    SeriesFamily(
      title: title, count: histogram + "_count", error: PromQL.Matcher(status, .matches, "5.."), bucket: histogram + "_bucket",
      bucketCount: histogram + "_count", unit: unit, serviceLabels: ["service_name", "job", "exported_job"], operationLabel: "http_route",
      methodLabel: method)
  }
}
