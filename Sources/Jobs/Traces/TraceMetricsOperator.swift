internal import Dataflow
internal import SLO

/// Counts traces by environment.
///
/// - Output: one row for each line that a Prometheus exposition would have (`name`, `labels` as a JSON object, `value`), a running total since the job began;
///   those of series that have changed, every `every`, and all of them after a restart and at the end of the input.
/// - State: the newest traces of each environment with their spans, and the totals.
/// - Guarantees: a span counts once, a request once. Totals of spans and calls are the same on replay and in any order. Which journey a trace belongs to is decided
///   once, by what is known then: at the latest at the end of the input by all that is kept. Whether a trace goes on from another one depends on their event times
///   only, as long as no more traces wait than are kept.
/// - Errors: `wrong-type` for a row whose `spans` are none.
final class TraceMetricsOperator: Operator {
  private let environment: Field
  private let revision: Field
  private let spans: Field
  private let options: TraceMetricsOptions
  private var environments: [KeyHash: EnvironmentTraces] = [:]
  private var log = ColdLog()
  /// Bytes of the log that nobody needs.
  private var dead = 0
  private var lastEmission = Int64.min
  private var watermark = Int64.min

  private static let compactionBytes = 16 << 20

  init(environment: Field, revision: Field, spans: Field, _ options: TraceMetricsOptions) {
    self.environment = environment
    self.revision = revision
    self.spans = spans
    self.options = options
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    let (names, revisions, bodies) = (batch.bytes(environment), batch.int64s(revision), batch.bytes(spans))
    var stores: [KeyHash: SpanStore] = [:]
    var absorbed = 0
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      let key = batch.keys[row]
      var store = stores.removeValue(forKey: key) ?? SpanStore()
      let body = UnsafeRawBufferPointer(bodies[row].buffer)
      let id = TraceBody.read(body, into: &store) == nil ? nil : TraceBody.id(body)
      stores[key] = store
      guard let id else {
        try output.fail(batch, row: row, reason: "wrong-type", detail: "\"spans\" holds no trace as assemble-traces writes it")
        continue
      }
      absorbed += 1
      var traces = environments.removeValue(forKey: key) ?? EnvironmentTraces(names[row].string, options)
      traces.newest = max(traces.newest, batch.times[row])
      if revisions[row] <= 1 {
        traces.keep(id, time: batch.times[row], offset: log.append(bodies[row].base, bodies[row].count), length: bodies[row].count)
        if traces.isFull(options) { dead += traces.decide(log, options, watermark) }
      } else if traces.isOpen(id) {
        // Later revisions hold spans that are new, but no new request.
        dead += traces.replace(id, offset: log.append(bodies[row].base, bodies[row].count), length: bodies[row].count) ?? 0
      }
      environments[key] = traces
    }
    output.absorb(absorbed)
    for (key, store) in stores {
      let set = TraceAssembler.trees(store)
      guard var traces = environments.removeValue(forKey: key) else { continue }
      TraceMetrics.countSpans(set, into: &traces.book, durationInMilliseconds: options.durationInMilliseconds)
      TraceMetrics.countCalls(set, into: &traces.book)
      environments[key] = traces
    }
    compact()
  }

  /// Writes the log anew when most of it belongs to traces that are no longer kept.
  private func compact() {
    guard dead > Self.compactionBytes, dead * 2 > log.count else { return }
    let fresh = ColdLog()
    for key in environments.keys.sorted() {
      guard var traces = environments.removeValue(forKey: key) else { continue }
      for index in traces.kept.indices {
        let view = log.view(traces.kept[index].offset, Int(traces.kept[index].length))
        traces.kept[index].offset = fresh.append(view.base, view.count)
      }
      environments[key] = traces
    }
    (log, dead) = (fresh, 0)
  }

  func onWatermark(_ risen: Int64, _ output: Output) throws { watermark = max(watermark, risen) }

  func onTick(_ now: Int64, _ output: Output) throws {
    if lastEmission == .min { lastEmission = now }
    guard now - lastEmission >= options.every else { return }
    lastEmission = now
    for key in environments.keys.sorted() {
      guard var traces = environments.removeValue(forKey: key) else { continue }
      if traces.hasNews(watermark) {
        if traces.waitsSince == .min { traces.waitsSince = now }
        let isEnough = !traces.slugs.isEmpty || traces.kept.count >= TraceMetricsOptions.enoughTraces
        if isEnough || now - traces.waitsSince >= options.learn { dead += traces.decide(log, options, watermark) }
      }
      environments[key] = traces
    }
    try emit(output)
  }

  func onEndOfInput(_ output: Output) throws {
    for key in environments.keys.sorted() {
      guard var traces = environments.removeValue(forKey: key) else { continue }
      // Nothing more comes: whoever waits has waited long enough.
      dead += traces.decide(log, options, .max)
      environments[key] = traces
    }
    try emit(output)
  }

  // MARK: Rows

  private func emit(_ output: Output) throws {
    var batch: RecordBatch?
    let fields = TraceMetricsType.output.fields
    for key in environments.keys.sorted() {
      guard var traces = environments.removeValue(forKey: key) else { continue }
      let changed = traces.book.takeChanged()
      environments[key] = traces
      for (family, samples) in changed {
        for sample in samples {
          let target = batch ?? RecordBatch(schema: TraceMetricsType.output)
          batch = target
          let row = target.appendRow()
          target.times[row] = traces.newest
          target.bytes(fields[0])[row] = target.copy(sample.name)
          target.bytes(fields[1])[row] = target.copy(family.name)
          target.bytes(fields[2])[row] = target.copy("\(family.kind)")
          target.bytes(fields[3])[row] = target.copy(family.help)
          target.bytes(fields[4])[row] = target.copy(sample.labelsJSON)
          target.doubles(fields[5])[row] = sample.value
          target.nulls(fields[5])[row] = 0
          target.int64s(fields[6])[row] = traces.newest
          target.nulls(fields[6])[row] = 0
          if target.isFull {
            try output.emitResults(target)
            batch = nil
          }
        }
      }
    }
    if let batch { try output.emitResults(batch) }
  }

  // MARK: Checkpoint

  func snapshot(_ into: inout SnapshotBuilder) throws {
    var names: [UInt8] = []
    for key in environments.keys.sorted() {
      guard let traces = environments[key] else { continue }
      names.append(integer: key.high)
      names.append(integer: key.low)
      names.append(counted: traces.name)
      into.add(
        "environment/\(names.count)",
        later: {
          var bytes: [UInt8] = []
          traces.append(to: &bytes)
          return bytes
        })
    }
    into.add("environments", names)
    into.add("spans", log)
  }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      guard let names = from.section("environments", of: writer) else { continue }
      let shift = from.appendLog("spans", of: writer, to: log) ?? 0
      try names.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
          let key = KeyHash(high: try reader.integer(), low: try reader.integer())
          let name = try reader.text()
          let section = "environment/\(bytes.count - reader.remaining)"
          guard from.keyGroups.contains(key.group), let saved = from.section(section, of: writer) else { continue }
          try saved.withUnsafeBytes {
            var state = ByteReader($0)
            environments[key] = try EnvironmentTraces.read(&state, name: name, shift: shift, options)
          }
        }
      }
    }
    // What others of the former subtasks take over is in this log for nothing.
    dead = log.count - environments.values.reduce(0) { $0 + $1.kept.reduce(0) { $0 + Int($1.length) } }
  }
}
