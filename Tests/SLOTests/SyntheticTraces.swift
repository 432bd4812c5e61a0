import SLO

/// Writes spans of invented systems into a store.
struct SyntheticTraces {
  var store = SpanStore()
  private var nextTrace: UInt64 = 0
  private var nextSpan: UInt64 = 0

  /// A span with what it calls; times in milliseconds from its trace's start.
  struct Node {
    var service: String
    var operation: String
    var declared = ""
    var kind = SpanKind.unspecified
    var outcome = SpanOutcome.unknown
    var start: Int64 = 0
    var length: Int64 = 10
    var calls: [Node] = []
  }

  static func node(
    _ service: String, _ operation: String, declared: String = "", kind: SpanKind = .unspecified, outcome: SpanOutcome = .unknown,
    start: Int64 = 0, length: Int64 = 10, _ calls: [Node] = []
  ) -> Node {
    Node(
      service: service, operation: operation, declared: declared, kind: kind, outcome: outcome, start: start, length: length, calls: calls)
  }

  /// Adds a trace.
  ///
  /// - Parameters:
  ///   - minute: when it begins.
  ///   - isHeadless: its root is not written.
  ///   - link: the trace and span that its root goes on from.
  /// - Returns: its id, and the spans' ids in the order of the tree.
  @discardableResult
  mutating func add(
    _ root: Node, minute: Int64 = 0, isHeadless: Bool = false, weight: Float = 1, link: (TraceID, UInt64)? = nil
  ) -> (id: TraceID, spans: [UInt64]) {
    nextTrace += 1
    let id = TraceID(high: 7, low: nextTrace)
    let trace = store.trace(id)
    var spans: [UInt64] = []
    // Half past the minute, so that little shifts stay within.
    let base = 1_700_000_000_000_000_000 / 60_000_000_000 * 60_000_000_000 + minute * 60_000_000_000 + 30_000_000_000
    write(root, parent: 0, trace, base, weight, isHeadless, &spans)
    if let link { store.append(SpanStore.Link(trace: trace, span: spans[0], target: link.0, targetSpan: link.1)) }
    return (id, spans)
  }

  private mutating func write(
    _ node: Node, parent: UInt64, _ trace: Int32, _ base: Int64, _ weight: Float, _ isLeftOut: Bool, _ spans: inout [UInt64]
  ) {
    nextSpan += 1
    let id = nextSpan
    spans.append(id)
    let step = store.step(service: store.services.intern(node.service), operation: store.names.intern(node.operation))
    if !isLeftOut {
      store.append(
        SpanRow(
          id: id, parent: parent, start: base + node.start * 1_000_000, end: base + (node.start + node.length) * 1_000_000, trace: trace,
          step: step, declared: store.names.intern(node.declared), weight: weight, kind: node.kind, outcome: node.outcome))
    }
    for call in node.calls { write(call, parent: id, trace, base, weight, false, &spans) }
  }

  var set: TraceSet { TraceAssembler.assemble(store) }

  func discover(_ edits: JourneyEdits = JourneyEdits(), logs: LogEvidence = LogEvidence()) -> JourneyDiscovery.Result {
    var options = JourneyDiscovery.Options()
    options.edits = edits
    return JourneyDiscovery.discover(set, logs: logs, options: options)
  }
}

/// Numbers that a seed decides.
struct Dice {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next(_ limit: Int64) -> Int64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Int64(StableHash.mix(state) % UInt64(max(1, limit)))
  }
}
