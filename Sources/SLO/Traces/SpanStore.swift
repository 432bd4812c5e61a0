/// Spans as they arrive, in any order and more than once, with all names interned. Assembly makes traces of them.
package struct SpanStore: Sendable {
  /// One operation of one service.
  package struct Step: Sendable, Equatable {
    /// Among `services`.
    package var service: Int32
    /// Among `names`.
    package var operation: Int32
  }

  /// A reference from a span to one of another trace.
  package struct Link: Sendable, Equatable {
    /// The trace and span that refer.
    package var trace: Int32
    package var span: UInt64
    package var target: TraceID
    package var targetSpan: UInt64

    package init(trace: Int32, span: UInt64, target: TraceID, targetSpan: UInt64) {
      self.trace = trace
      self.span = span
      self.target = target
      self.targetSpan = targetSpan
    }
  }

  package private(set) var rows: [SpanRow] = []
  package private(set) var steps: [Step] = []
  package private(set) var traceIDs: [TraceID] = []
  package private(set) var links: [Link] = []
  package var services = NameTable()
  /// Names of operations, as spans and as protocols have them.
  package var names = NameTable()
  package var environments = NameTable()

  private var stepNumbers = NumberMap()
  /// By a mix of both halves of the id; those that collide are told apart by `traceIDs`.
  private var traceSlots = [Int32](repeating: -1, count: 1024)
  private var lastTrace: Int32 = -1

  package init() {}

  /// Makes room for so many spans at once: rows that move while they grow cost as much as reading them.
  package mutating func reserve(_ spans: Int) { rows.reserveCapacity(spans) }

  /// The number of a trace, which is given one if it is new.
  package mutating func trace(_ id: TraceID) -> Int32 {
    if lastTrace >= 0, traceIDs[Int(lastTrace)] == id { return lastTrace }
    var slot = slot(id)
    while traceSlots[slot] >= 0 {
      if traceIDs[Int(traceSlots[slot])] == id {
        lastTrace = traceSlots[slot]
        return lastTrace
      }
      slot = (slot + 1) & (traceSlots.count - 1)
    }
    lastTrace = Int32(truncatingIfNeeded: traceIDs.count)
    traceSlots[slot] = lastTrace
    traceIDs.append(id)
    if traceIDs.count * 2 > traceSlots.count { growTraces() }
    return lastTrace
  }

  /// The number of a trace that has spans, or nil.
  package func knownTrace(_ id: TraceID) -> Int32? {
    var slot = slot(id)
    while traceSlots[slot] >= 0 {
      if traceIDs[Int(traceSlots[slot])] == id { return traceSlots[slot] }
      slot = (slot + 1) & (traceSlots.count - 1)
    }
    return nil
  }

  /// The number of an operation of a service.
  package mutating func step(service: Int32, operation: Int32) -> Int32 {
    let key = UInt64(UInt32(bitPattern: service)) << 32 | UInt64(UInt32(bitPattern: operation))
    let number = stepNumbers.number(key, orInsert: steps.count)
    if number == steps.count { steps.append(Step(service: service, operation: operation)) }
    return Int32(truncatingIfNeeded: number)
  }

  package mutating func append(_ row: SpanRow) { rows.append(row) }

  package mutating func append(_ link: Link) { links.append(link) }

  /// Takes out the links for which the body says so.
  package mutating func removeLinks(where isGone: (Link) -> Bool) { links.removeAll(where: isGone) }

  /// The service of a step, by name.
  package func serviceName(_ step: Int32) -> String { services.string(steps[Int(step)].service) }
  /// The operation of a step, by name.
  package func operationName(_ step: Int32) -> String { names.string(steps[Int(step)].operation) }

  private func slot(_ id: TraceID) -> Int {
    Int(truncatingIfNeeded: StableHash.mix(id.low ^ (id.high &* 0x9E37_79B9_7F4A_7C15))) & (traceSlots.count - 1)
  }

  private mutating func growTraces() {
    traceSlots = [Int32](repeating: -1, count: traceSlots.count * 2)
    for (number, id) in traceIDs.enumerated() {
      var slot = slot(id)
      while traceSlots[slot] >= 0 { slot = (slot + 1) & (traceSlots.count - 1) }
      traceSlots[slot] = Int32(truncatingIfNeeded: number)
    }
  }
}
