/// Tells failed requests from others, by the best evidence that a journey has.
struct TraceFailures {
  /// How a journey's failures are told.
  enum Judge {
    /// The root says how the request ended.
    case root
    /// The root never says anything: the first call's other side does.
    case hop
    /// Neither does: any failed span that was waited for.
    case anySpan
    case logs
    case nobody
  }

  struct Verdict {
    var isFailed = false
    /// Spans that failed, and the one where it began: the deepest of them.
    var spans = 0
    var origin: Int?
  }

  private let set: TraceSet
  private let logs: LogEvidence

  init(_ set: TraceSet, _ logs: LogEvidence) {
    self.set = set
    self.logs = logs
  }

  /// - Parameter traces: the journey's, as indices.
  func judge(_ traces: [Int]) -> Judge {
    var hopKnows = false
    var spanKnows = false
    for index in traces {
      let trace = set.traces[index]
      let root = set.spans[trace.root]
      // Whoever says what side a span is on follows the conventions; with them, no status means no error.
      if root.outcome != .unknown || root.kind != .unspecified { return .root }
      if !hopKnows, let hop = hop(trace) { hopKnows = set.spans[hop].outcome != .unknown || set.spans[hop].kind != .unspecified }
      if !spanKnows { spanKnows = trace.range.contains { set.spans[$0].outcome != .unknown || set.spans[$0].kind != .unspecified } }
    }
    return hopKnows ? .hop : spanKnows ? .anySpan : logs.correlated > 0 ? .logs : .nobody
  }

  private func hop(_ trace: TraceSet.Trace) -> Int? {
    let service = set.service(trace.root)
    return trace.range.first { set.service($0) != service }
  }

  /// Steps that log an error in more than half of a journey's traces: that is how they talk, and says nothing about a request.
  func habits(_ traces: [Int]) -> Set<Int32> {
    var counts: [Int32: Int] = [:]
    for index in traces {
      let trace = set.traces[index]
      guard let errors = logs.errors[set.id(trace)] else { continue }
      for step in Set(trace.range.filter { errors.contains(set.spans[$0].id) }.map { set.spans[$0].step }) { counts[step, default: 0] += 1 }
    }
    return Set(counts.filter { traces.count >= 10 && $0.value * 2 > traces.count }.keys)
  }

  /// - Parameters:
  ///   - habits: steps whose error records say nothing.
  ///   - failed: for each span of the trace whether it failed, from the trace's first on; written here.
  func verdict(_ trace: TraceSet.Trace, _ judge: Judge, habits: Set<Int32>, _ failed: inout [Bool]) -> Verdict {
    failed.removeAll(keepingCapacity: true)
    var verdict = Verdict()
    if judge == .logs {
      let errors = logs.errors[set.id(trace)] ?? []
      for index in trace.range {
        failed.append(!errors.isEmpty && errors.contains(set.spans[index].id) && !habits.contains(set.spans[index].step))
      }
      // A record without a span, or with one that never came, counts for its trace.
      let isElsewhere = !errors.isEmpty && !errors.isSubset(of: trace.range.lazy.map { set.spans[$0].id })
      verdict.isFailed = isElsewhere || failed.contains(true)
    } else {
      for index in trace.range { failed.append(set.spans[index].outcome == .failed) }
    }
    // Parents come first: the last failed span below which nothing failed, on the deepest branch, is where it began.
    var depths: [Int] = []
    var deepest = -1
    if failed.contains(true) {
      for index in trace.range {
        let parent = Int(set.parents[index])
        let depth = parent < 0 ? 0 : depths[parent - trace.root] + 1
        depths.append(depth)
        guard failed[index - trace.root] else { continue }
        verdict.spans += 1
        if judge == .anySpan, set.fits[index] != .detached { verdict.isFailed = true }
        if depth > deepest { (deepest, verdict.origin) = (depth, index) }
      }
    }
    switch judge {
    case .root: verdict.isFailed = failed[0]
    case .hop: verdict.isFailed = failed[0] || hop(trace).map { failed[$0 - trace.root] } ?? false
    case .anySpan, .logs, .nobody: break
    }
    return verdict
  }
}
