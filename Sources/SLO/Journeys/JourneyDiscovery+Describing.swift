extension JourneyDiscovery {
  /// What was counted, as a value.
  func journey(_ number: Int, _ judge: TraceFailures.Judge, _ edits: JourneyEdits) -> Journey {
    let tally = tallies[number]
    let key = tally.key ?? JourneyKey(environment: "default", entry: .init(service: "", operation: ""), told: .noHop)
    let order = order(tally)
    var places: [Int: Int] = [:]
    for (place, step) in order.enumerated() { places[step] = place }
    let calls = tally.calls.map { self.calls[$0] }.map { call in
      JourneyCall(
        from: places[call.from] ?? 0, to: places[call.to] ?? 0,
        probability: min(1, Double(call.traces) / Double(max(1, steps[call.from].traces))),
        callsPerTrace: Double(call.calls) / Double(max(1, call.traces)), isAsynchronous: call.isDetached)
    }
    let evidence: ErrorEvidence =
      switch judge {
      case .root, .hop, .anySpan: .spans
      case .logs: .logs
      case .nobody: .none
      }
    let factors = JourneyConfidence.factors(tally, key, evidence, isSampled: tally.sampled > 0)
    return Journey(
      id: tally.id, name: tally.name, slug: "", entryService: key.entry.service, entryOperation: key.entry.operation,
      environment: key.environment, services: Set(order.map { set.store.serviceName(steps[$0].step) }).sorted(),
      steps: order.map { step(steps[$0], tally.rootDuration) }, calls: calls.sorted { ($0.from, $0.to) < ($1.from, $1.to) },
      minutes: tally.minutes.values.sorted { $0.start < $1.start }, duration: tally.duration.summary, errorEvidence: evidence,
      confidence: factors.reduce(1) { $0 * $1.value }, confidenceFactors: factors, slowTraces: slow(tally), failedTraces: failed(tally),
      variants: variants(tally))
  }

  /// The root's step first, then by when they begin on average; names where that is equal.
  private func order(_ tally: JourneyTally) -> [Int] {
    func name(_ step: Int) -> String { set.store.serviceName(steps[step].step) + " " + set.store.operationName(steps[step].step) }
    func offset(_ step: Int) -> Int64 { steps[step].offsets / Int64(max(1, steps[step].traces)) }
    let roots = Set(tally.members.map { set.spans[set.traces[$0].root].step })
    return tally.steps.sorted {
      let (a, b) = (roots.contains(steps[$0].step), roots.contains(steps[$1].step))
      if a != b { return a }
      let (x, y) = (offset($0), offset($1))
      return x == y ? name($0) < name($1) : x < y
    }
  }

  private func step(_ tally: StepTally, _ total: Int64) -> JourneyStep {
    JourneyStep(
      service: set.store.serviceName(tally.step), operation: set.store.operationName(tally.step), traces: tally.traces, spans: tally.spans,
      errors: tally.errors, criticalShare: total > 0 ? Double(tally.exclusive) / Double(total) : 0, duration: tally.sketch.summary,
      errorOrigins: tally.origins)
  }

  private func slow(_ tally: JourneyTally) -> [String] {
    let slowest = tally.members.sorted {
      let (a, b) = (set.spans[set.traces[$0].root].duration, set.spans[set.traces[$1].root].duration)
      return a == b ? $0 < $1 : a > b
    }
    return slowest.prefix(5).map { set.id(set.traces[$0]).description }
  }

  private func failed(_ tally: JourneyTally) -> [String] {
    let worst = tally.failed.sorted { ($1.spans, $0.trace) < ($0.spans, $1.trace) }
    return worst.prefix(5).map { set.id(set.traces[$0.trace]).description }
  }

  private func variants(_ tally: JourneyTally) -> [JourneyVariant] {
    let variants = tally.variants.values.map { variant in
      JourneyVariant(services: variant.services.map { set.store.services.string($0) }.sorted(), traces: variant.traces)
    }
    return variants.sorted { $0.traces == $1.traces ? $0.services.lexicographicallyPrecedes($1.services) : $0.traces > $1.traces }
  }
}
