/// The metrics that are made of traces, under the names that the OpenTelemetry Collector's span metrics and Tempo's service graph have, and our own of journeys.
package enum TraceMetrics {
  private static let milliseconds: [Int64] = [2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1_000, 1_400, 2_000, 5_000, 10_000, 15_000]
  /// Upper edges of spans' and calls' durations, nanoseconds: those of the Collector.
  package static let spanEdges = milliseconds.map { $0 * 1_000_000 }

  package static let calls = "traces_span_metrics_calls_total"
  package static let requests = "traces_service_graph_request_total"
  package static let failed = "traces_service_graph_request_failed_total"
  package static let server = "traces_service_graph_request_server_seconds"
  package static let client = "traces_service_graph_request_client_seconds"
  package static let messaging = "traces_service_graph_request_messaging_system_seconds"
  package static let unpaired = "traces_service_graph_unpaired_spans_total"
  package static let journeyRequests = "journey_requests_total"
  package static let journeyErrors = "journey_errors_total"
  package static let journeyDuration = "journey_duration_seconds"
  package static let journeyInfo = "journey_info"
  package static let unassigned = "journey_unassigned_traces_total"

  /// The name of the histogram of spans' durations.
  package static func duration(inMilliseconds: Bool) -> String {
    "traces_span_metrics_duration_\(inMilliseconds ? "milliseconds" : "seconds")"
  }

  /// All families.
  package static func families(durationInMilliseconds: Bool) -> [MetricBook.Family] {
    [
      .init(calls, .counter, "Spans."),
      .init(
        duration(inMilliseconds: durationInMilliseconds), .histogram, "Duration of spans.", edges: spanEdges,
        unit: durationInMilliseconds ? 1_000_000 : 1_000_000_000),
      .init(requests, .counter, "Calls from one service to another."),
      .init(failed, .counter, "Calls that failed, on either side."),
      .init(server, .histogram, "Duration of calls, as the called service saw it.", edges: spanEdges),
      .init(client, .histogram, "Duration of calls, as the calling service saw it.", edges: spanEdges),
      .init(messaging, .histogram, "Time between a message's sending and its receipt.", edges: spanEdges),
      .init(unpaired, .counter, "Calls whose other side never came and is not known."),
      .init(journeyRequests, .counter, "Requests of a journey."),
      .init(journeyErrors, .counter, "Requests of a journey that failed."),
      .init(journeyDuration, .histogram, "Duration of a journey's requests: that of their root spans.", edges: JourneyMinute.bucketEdges),
      .init(journeyInfo, .gauge, "What a journey is called and known by."),
      .init(unassigned, .counter, "Traces that belong to no journey."),
    ]
  }

  // MARK: Spans

  private struct SpanTally {
    var span: SpanRow
    var tally: HistogramTally
  }

  /// Counts the spans of a set that are not marked as known. O(spans).
  package static func countSpans(_ set: TraceSet, into book: inout MetricBook, durationInMilliseconds: Bool) {
    var numbers = NumberMap()
    var tallies: [SpanTally] = []
    for span in set.spans where span.flags & SpanRecord.Flag.known == 0 {
      let key = UInt64(UInt32(bitPattern: span.step)) << 16 | UInt64(span.kind.rawValue) << 8 | UInt64(span.outcome.rawValue)
      let number = numbers.number(key, orInsert: tallies.count)
      if number == tallies.count { tallies.append(SpanTally(span: span, tally: HistogramTally(edges: spanEdges.count))) }
      tallies[number].tally.add(span.duration, units: HistogramTally.units(span.weight), edges: spanEdges)
    }
    let duration = duration(inMilliseconds: durationInMilliseconds)
    for entry in tallies {
      let labels = [
        (name: "service_name", value: set.store.serviceName(entry.span.step)),
        (name: "span_name", value: set.store.operationName(entry.span.step)),
        (name: "span_kind", value: entry.span.kind.metricLabel), (name: "status_code", value: statusLabel(entry.span.outcome)),
      ]
      book.add(calls, labels, units: entry.tally.count)
      book.merge(duration, labels, entry.tally)
    }
  }

  private static func statusLabel(_ outcome: SpanOutcome) -> String {
    switch outcome {
    case .unknown: "STATUS_CODE_UNSET"
    case .good: "STATUS_CODE_OK"
    case .failed: "STATUS_CODE_ERROR"
    }
  }

  // MARK: Calls

  private struct Edge: Hashable {
    var client: String
    var server: String
    var type: String
  }

  private struct EdgeTally {
    var requests: Int64 = 0
    var failed: Int64 = 0
    var server = HistogramTally(edges: TraceMetrics.spanEdges.count)
    var client = HistogramTally(edges: TraceMetrics.spanEdges.count)
    var messaging = HistogramTally(edges: TraceMetrics.spanEdges.count)
    var unpaired: Int64 = 0
  }

  /// Counts the calls between services of which one side is not marked as known.
  ///
  /// A call is a client's span with a server's below it, a producer's with a consumer's, or, where spans do not say what they are, a span with one of another
  /// service below it. A call that nobody answered goes to the peer that it names: a database, a queue, a service outside. O(spans).
  package static func countCalls(_ set: TraceSet, into book: inout MetricBook) {
    var edges: [Edge: EdgeTally] = [:]
    var isAnswered = [Bool](repeating: false, count: set.spans.count)
    for index in set.spans.indices {
      let parent = Int(set.parents[index])
      guard parent >= 0 else { continue }
      let (caller, callee) = (set.spans[parent], set.spans[index])
      let isMessage = caller.kind == .producer && callee.kind == .consumer
      guard isMessage || caller.kind == .client && callee.kind == .server || set.service(parent) != set.service(index) else { continue }
      isAnswered[parent] = true
      guard caller.flags & callee.flags & SpanRecord.Flag.known == 0 else { continue }
      let edge = Edge(
        client: set.store.serviceName(caller.step), server: set.store.serviceName(callee.step), type: isMessage ? "messaging_system" : "")
      let units = HistogramTally.units(callee.weight)
      edges[edge, default: EdgeTally()].requests &+= units
      if caller.outcome == .failed || callee.outcome == .failed { edges[edge]?.failed &+= units }
      edges[edge]?.server.add(callee.duration, units: units, edges: spanEdges)
      edges[edge]?.client.add(caller.duration, units: units, edges: spanEdges)
      if isMessage { edges[edge]?.messaging.add(max(0, callee.start - caller.end), units: units, edges: spanEdges) }
    }
    countOneSided(set, isAnswered, &edges)
    for (edge, tally) in edges.sorted(by: { ($0.key.client, $0.key.server, $0.key.type) < ($1.key.client, $1.key.server, $1.key.type) }) {
      let labels = [
        (name: "client", value: edge.client), (name: "server", value: edge.server), (name: "connection_type", value: edge.type),
      ]
      if tally.unpaired > 0 { book.add(unpaired, labels, units: tally.unpaired) }
      guard tally.requests > 0 else { continue }
      book.add(requests, labels, units: tally.requests)
      book.add(failed, labels, units: tally.failed)
      if tally.server.count > 0 { book.merge(server, labels, tally.server) }
      if tally.client.count > 0 { book.merge(client, labels, tally.client) }
      if tally.messaging.count > 0 { book.merge(messaging, labels, tally.messaging) }
    }
  }

  /// Calls of which only one side is there: those out to a peer, those in from a user or a queue.
  private static func countOneSided(_ set: TraceSet, _ isAnswered: [Bool], _ edges: inout [Edge: EdgeTally]) {
    for index in set.spans.indices {
      let span = set.spans[index]
      guard span.flags & SpanRecord.Flag.known == 0 else { continue }
      let service = set.store.serviceName(span.step)
      let units = HistogramTally.units(span.weight)
      let peer = span.peer == 0 ? "" : set.store.names.string(span.peer)
      let isCall = span.kind == .client || span.kind == .producer
      if isCall, !isAnswered[index] {
        let type =
          span.flags & SpanRecord.Flag.messaging != 0
          ? "messaging_system" : span.flags & SpanRecord.Flag.database != 0 ? "database" : peer.isEmpty ? "" : "virtual_node"
        let edge = Edge(client: service, server: peer, type: type)
        guard !peer.isEmpty else {
          edges[edge, default: EdgeTally()].unpaired &+= units
          continue
        }
        edges[edge, default: EdgeTally()].requests &+= units
        if span.outcome == .failed { edges[edge]?.failed &+= units }
        edges[edge]?.client.add(span.duration, units: units, edges: spanEdges)
      } else if span.parent == 0, span.kind == .server || span.kind == .consumer && !peer.isEmpty {
        let edge = Edge(
          client: span.kind == .server ? "user" : peer, server: service, type: span.kind == .server ? "virtual_node" : "messaging_system")
        edges[edge, default: EdgeTally()].requests &+= units
        if span.outcome == .failed { edges[edge]?.failed &+= units }
        edges[edge]?.server.add(span.duration, units: units, edges: spanEdges)
      }
    }
  }

  // MARK: Journeys

  /// Counts a request of a journey.
  package static func count(_ root: SpanRow, isFailed: Bool, of journey: Journey, slug: String, into book: inout MetricBook) {
    let labels = [
      (name: "journey", value: slug), (name: "entry_service", value: journey.entryService),
      (name: "environment", value: journey.environment),
    ]
    let units = HistogramTally.units(root.weight)
    book.add(journeyRequests, labels, units: units)
    // Where nothing tells errors, there is no counter of them: unknown is not zero.
    if journey.errorEvidence != .none { book.add(journeyErrors, labels, units: isFailed ? units : 0) }
    book.observe(journeyDuration, labels, root.duration, units: units)
  }
}
