internal import Connectors
internal import SLO

/// Puts what files hold into a store of spans and a book of errors in logs.
final class TelemetryIngest {
  private(set) var store = SpanStore()
  private(set) var logs = LogEvidence()
  /// Times of the oldest and newest record.
  private(set) var oldest = Int64.max
  private(set) var newest = Int64.min
  private(set) var facts = AnalysisFacts()

  private let reader = TelemetryReader()
  private let naming = SpanNaming()
  /// What log records say, by template.
  let templates = TemplateWatch()
  private var resource = -1
  private var service: Int32 = 0
  private var environment: Int32 = 0

  /// Reads a file to its end.
  ///
  /// - Parameter progress: gets the bytes of content read so far, now and then.
  func read(_ path: String, progress: (Int64) -> Void) throws {
    let lines = try TelemetryLines(path: path)
    let before = store.rows.count + logs.records
    // Nobody has to store what was not asked for: a reader of the wrong file gives up early.
    while let line = try lines.next() {
      facts.lines += 1
      reader.read(line, span: { add($0) }, log: { add($0) })
      if facts.lines % 64 == 0 { progress(lines.bytesRead) }
    }
    facts.bytes += lines.bytesRead
    if store.rows.count + logs.records == before { facts.emptyFiles.append(path) }
    facts.refusedLines = reader.refused.lines
    facts.refusedRecords = reader.refused.records
    facts.otherLines = reader.otherLines
  }

  private func add(_ log: TelemetryLog) {
    logs.add(trace: TraceID(high: log.traceHigh, low: log.traceLow), span: log.span, isError: log.isError)
    templates.add(service: reader.service, message: log.message, time: log.time, isError: log.isError)
    widen(log.time)
  }

  private func widen(_ time: Int64) {
    if time < oldest { oldest = time }
    if time > newest { newest = time }
  }

  private func add(_ span: TelemetrySpan) {
    if reader.resource != resource {
      resource = reader.resource
      service = reader.service.isEmpty ? store.services.intern("unknown") : store.services.intern(reader.service)
      environment = store.environments.intern(reader.environment)
      if reader.service.isEmpty { facts.unnamedResources += 1 }
      noteWorkload()
      if reader.environment.isEmpty { facts.resourcesWithoutEnvironment += 1 }
    }
    widen(span.start)
    let kind = SpanKind(rawValue: span.kind) ?? .unspecified
    let (outcome, hasCode) = SpanNaming.outcome(reader, kind, status: span.status)
    facts.add(kind, span.status, hasCode: hasCode)
    let trace = store.trace(TraceID(high: span.traceHigh, low: span.traceLow))
    let name = naming.name(span.name, &store.names)
    let weight = SamplingWeight.adjustedCount(traceState: span.traceState)
    if weight != 1 { facts.sampledSpans += 1 }
    store.append(
      SpanRow(
        id: span.id, parent: span.parent, start: span.start, end: span.end, trace: trace,
        step: store.step(service: service, operation: name),
        declared: naming.declared(reader, kind, isRoot: span.parent == 0, &store.names), environment: environment, weight: weight,
        kind: kind, outcome: outcome))
    for link in reader.links {
      store.append(
        SpanStore.Link(
          trace: trace, span: span.id, target: TraceID(high: link.traceHigh, low: link.traceLow), targetSpan: link.span))
    }
  }

  /// Where the present resource runs; of several places of a service the first in order stays.
  private func noteWorkload() {
    guard let namespace = reader.resourceText("k8s.namespace.name") else { return }
    let names: [(Workload.Kind, StaticString)] = [
      (.deployment, "k8s.deployment.name"), (.statefulset, "k8s.statefulset.name"), (.daemonset, "k8s.daemonset.name"),
      (.pod, "k8s.pod.name"),
    ]
    for (kind, name) in names {
      guard let text = reader.resourceText(name), let found = Workload(namespace: namespace, kind: kind, name: text) else { continue }
      let service = String(decoding: reader.service, as: UTF8.self)
      facts.workloads[service] = facts.workloads[service].map { min($0, found) } ?? found
      return
    }
  }
}
