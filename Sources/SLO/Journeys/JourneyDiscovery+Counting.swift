extension JourneyDiscovery {
  /// Counts the traces of a journey and describes it.
  mutating func count(_ number: Int, _ edits: JourneyEdits) -> Journey {
    let failures = TraceFailures(set, logs)
    let judge = failures.judge(tallies[number].members)
    let habits = judge == .logs ? failures.habits(tallies[number].members) : []
    tallies[number].habits = habits
    var failed: [Bool] = []
    for index in tallies[number].members {
      let trace = set.traces[index]
      let root = set.spans[trace.root]
      let verdict = failures.verdict(trace, judge, habits: habits, &failed)
      let isFailed = verdict.isFailed && judge != .nobody
      if isFailed { failedTraces.insert(index) }
      if isFailed { tallies[number].failed.append((index, verdict.spans)) }
      let weight = Double(root.weight)
      tallies[number].duration.insert(root.duration)
      tallies[number].rootDuration += set.ends[trace.root] - set.starts[trace.root]
      if !trace.isComplete { tallies[number].incomplete += 1 }
      if root.weight != 1 { tallies[number].sampled += 1 }
      addMinute(number, root, weight, isFailed)
      add(number, trace, failed, isFailed ? verdict.origin : nil, root.start)
    }
    for index in tallies[number].attached {
      let trace = set.traces[index]
      _ = failures.verdict(trace, judge, habits: habits, &failed)
      let head = set.spans[set.traces[Int(set.upstream[index])].root].start
      add(number, trace, failed, nil, head)
      addQueueCall(number, index)
    }
    return journey(number, judge, edits)
  }

  private mutating func addMinute(_ number: Int, _ root: SpanRow, _ weight: Double, _ isFailed: Bool) {
    let start = root.start - root.start % 60_000_000_000
    let edges = JourneyMinute.bucketEdges
    var minute =
      tallies[number].minutes[start]
      ?? JourneyMinute(start: start, requests: 0, errors: 0, buckets: [Double](repeating: 0, count: edges.count + 1))
    minute.requests += weight
    if isFailed { minute.errors += weight }
    minute.buckets[edges.firstIndex { root.duration <= $0 } ?? edges.count] += weight
    tallies[number].minutes[start] = minute
  }

  /// Counts the steps and calls of one trace.
  private mutating func add(_ number: Int, _ trace: TraceSet.Trace, _ failed: [Bool], _ origin: Int?, _ start: Int64) {
    let id = trace.id
    let range = trace.range
    var isSkewed = false
    var own = [Int](repeating: 0, count: range.count)
    for index in range {
      let span = set.spans[index]
      let key = UInt64(truncatingIfNeeded: number) << 32 | UInt64(UInt32(bitPattern: span.step))
      let step = stepNumbers.number(key, orInsert: steps.count)
      if step == steps.count {
        steps.append(StepTally(step: span.step))
        tallies[number].steps.append(step)
      }
      own[index - range.lowerBound] = step
      steps[step].spans += 1
      steps[step].exclusive += set.exclusive[index]
      steps[step].sketch.insert(span.duration)
      if failed[index - range.lowerBound] { steps[step].errors += 1 }
      if steps[step].lastTrace != id {
        steps[step].lastTrace = id
        steps[step].traces += 1
        // Numbers from a damaged clock must not stop the count.
        steps[step].offsets &+= set.starts[index] &- start
      }
      isSkewed = isSkewed || set.fits[index] == .shifted
      let parent = Int(set.parents[index])
      if parent >= 0 { addCall(number, own[parent - range.lowerBound], step, id, set.fits[index] == .detached) }
    }
    if isSkewed { tallies[number].skewed += 1 }
    if let origin { steps[own[origin - range.lowerBound]].origins += 1 }
    addVariant(number, range)
  }

  private mutating func addCall(_ number: Int, _ from: Int, _ to: Int, _ trace: Int32, _ isDetached: Bool) {
    let call = callNumbers.number(UInt64(truncatingIfNeeded: from) << 32 | UInt64(truncatingIfNeeded: to), orInsert: calls.count)
    if call == calls.count {
      calls.append(CallTally(from: from, to: to))
      tallies[number].calls.append(call)
    }
    calls[call].calls += 1
    if isDetached { calls[call].isDetached = true }
    if calls[call].lastTrace != trace {
      calls[call].lastTrace = trace
      calls[call].traces += 1
    }
  }

  /// The message that a trace goes on from is a call like others, one that nobody waits for.
  private mutating func addQueueCall(_ number: Int, _ index: Int) {
    let (from, to) = (set.traces[Int(set.upstream[index])], set.traces[index])
    let root = set.spans[to.root]
    let sender = from.range.first { set.spans[$0].id == set.senders[index] } ?? from.root
    let numbers = [set.spans[sender].step, root.step].map {
      stepNumbers.number(UInt64(truncatingIfNeeded: number) << 32 | UInt64(UInt32(bitPattern: $0)))
    }
    if let from = numbers[0], let to = numbers[1] { addCall(number, from, to, root.trace, true) }
  }

  private mutating func addVariant(_ number: Int, _ range: Range<Int>) {
    var services: [Int32] = []
    for index in range where !services.contains(set.service(index)) { services.append(set.service(index)) }
    services.sort()
    var hash: UInt64 = 0
    for service in services { hash = StableHash.mix(hash ^ UInt64(UInt32(bitPattern: service)) &+ 1) }
    if tallies[number].variants[hash] == nil { tallies[number].variants[hash] = .init(services: services, traces: 0) }
    tallies[number].variants[hash]?.traces += 1
  }
}
