/// Decides what tells the requests of a system apart, and so which trace belongs to which journey.
///
/// For each service that requests enter through, in this order: the route or method of the entry where it tells something; else the first call
/// to another service (passing over calls that every request makes, like a check of credentials); else, among requests that call nobody, the
/// first operation of the service's own that not all of them run.
struct JourneyRules {
  /// One trace's place, or why it has none.
  enum Place: Equatable {
    case key(Int)
    case none(Unassigned)
  }

  /// A (service, operation) by numbers.
  private typealias Operation = UInt64

  /// What one entry looks like.
  private struct Entry: Hashable {
    var environment: Int32
    var service: Int32
    var operation: Int32
    var isOrphan: Bool
  }

  private let set: TraceSet
  private let kinds: [OperationName.Kind]
  /// For steps that usually call another service: which one nearly always answers, or -1.
  private var usualCallee: [Int32]
  private var isCaller: [Bool]
  private var hasCallee: [Bool]
  /// Steps that are called from elsewhere.
  private var isInner: [Bool]

  /// The keys that were found; places refer to them.
  private(set) var keys: [JourneyKey] = []
  private(set) var places: [Place] = []
  private var keyNumbers: [JourneyKey: Int] = [:]

  private init(_ set: TraceSet) {
    self.set = set
    kinds = set.store.names.strings.map { OperationName.kind($0) }
    usualCallee = [Int32](repeating: -1, count: set.store.steps.count)
    isCaller = [Bool](repeating: false, count: set.store.steps.count)
    isInner = isCaller
    hasCallee = [Bool](repeating: false, count: set.spans.count)
  }

  /// - Parameter traces: which traces count; those that go on from another one are not asked.
  static func decide(_ set: TraceSet, _ traces: [Bool]) -> JourneyRules {
    var rules = JourneyRules(set)
    rules.learnCalls()
    rules.run(traces)
    return rules
  }

  /// The number of traces below which a kind is too rare to be a journey: a share of its entry's traces, from 1 to 10.
  static func leastTraces(ofEntryWith traces: Int) -> Int { min(10, max(1, traces / 400)) }

  // MARK: Calls

  /// Learns which operations call other services, so that a call whose other side never came is still understood.
  private mutating func learnCalls() {
    var spans = [Int32](repeating: 0, count: set.store.steps.count)
    var callers = spans
    var pairs = NumberMap()
    var counts: [(step: Int32, callee: Int32, count: Int32)] = []
    for index in set.spans.indices {
      let step = set.spans[index].step
      spans[Int(step)] += 1
      let parent = Int(set.parents[index])
      guard parent >= 0, set.service(parent) != set.service(index) else { continue }
      isInner[Int(step)] = true
      let caller = set.spans[parent].step
      if !hasCallee[parent] {
        hasCallee[parent] = true
        callers[Int(caller)] += 1
      }
      let pair = pairs.number(UInt64(UInt32(bitPattern: caller)) << 32 | UInt64(UInt32(bitPattern: step)), orInsert: counts.count)
      if pair == counts.count { counts.append((caller, step, 0)) }
      counts[pair].count += 1
    }
    for step in spans.indices { isCaller[step] = callers[step] * 2 >= spans[step] && callers[step] > 0 }
    for pair in counts where Int(pair.count) * 10 >= Int(callers[Int(pair.step)]) * 9 { usualCallee[Int(pair.step)] = pair.callee }
  }

  // MARK: Entries

  private mutating func run(_ wanted: [Bool]) {
    places = [Place](repeating: .none(.rare), count: set.traces.count)
    var entries: [Entry: [Int]] = [:]
    // Operations that requests enter a service by, and how many do.
    var operations: [UInt64: [Int32: Int]] = [:]
    for (index, trace) in set.traces.enumerated() where wanted[index] && set.upstream[index] < 0 {
      let root = set.spans[trace.root]
      let entry = Entry(
        environment: root.environment, service: set.service(trace.root), operation: operation(trace.root), isOrphan: !trace.hasRoot)
      entries[entry, default: []].append(index)
      operations[Self.pair(entry.environment, entry.service), default: [:]][entry.operation, default: 0] += 1
    }
    let strings = (services: set.store.services, names: set.store.names)
    let sorted = entries.sorted {
      let (a, b) = ($0.key, $1.key)
      if a.isOrphan != b.isOrphan { return !a.isOrphan }
      return (a.environment, strings.services.string(a.service), strings.names.string(a.operation))
        < (b.environment, strings.services.string(b.service), strings.names.string(b.operation))
    }
    for (entry, traces) in sorted where !entry.isOrphan {
      let all = operations[Self.pair(entry.environment, entry.service)] ?? [:]
      let total = all.values.reduce(0, +)
      decide(entry, traces, isAlone: traces.count * 20 >= total * 19)
    }
    for (entry, traces) in sorted where entry.isOrphan { adopt(entry, traces) }
  }

  /// What the entry's name says, from its protocol if that says more than the span's name.
  private func operation(_ span: Int) -> Int32 {
    let row = set.spans[span]
    let name = set.store.steps[Int(row.step)].operation
    if row.declared != 0, kinds[Int(row.declared)] == .telling || kinds[Int(name)] == .generic && kinds[Int(row.declared)] != .generic {
      return row.declared
    }
    return name
  }

  private mutating func decide(_ entry: Entry, _ traces: [Int], isAlone: Bool) {
    let kind = kinds[Int(entry.operation)]
    var isTold = kind == .telling
    if kind == .opaque {
      // The only thing the service says may be all there is, or it may hide what requests want.
      isTold = !isAlone || !hasManyHops(traces)
    }
    let least = Self.leastTraces(ofEntryWith: traces.count)
    if isTold {
      let isDeclared = set.spans[set.traces[traces[0]].root].declared == entry.operation
      assign(traces, key(entry, .entry), isDeclared ? 1 : least)
      return
    }
    let skipped = commonHops(traces)
    var groups: [JourneyKey.Told: [Int]] = [:]
    for trace in traces {
      switch hops(set.traces[trace], skipped) {
      case .found(let places): groups[.hops(places), default: []].append(trace)
      case .lost: self.places[trace] = .none(.lostCall)
      case .nothing: groups[.noHop, default: []].append(trace)
      }
    }
    if let quiet = groups[.noHop] { split(quiet, &groups, least) }
    for (told, members) in groups { assign(members, key(entry, told), least) }
  }

  private mutating func assign(_ traces: [Int], _ key: JourneyKey, _ least: Int) {
    guard traces.count >= least else { return }
    let number = keyNumbers[key] ?? keys.count
    if number == keys.count {
      keys.append(key)
      keyNumbers[key] = number
    }
    for trace in traces { places[trace] = .key(number) }
  }

  private func key(_ entry: Entry, _ told: JourneyKey.Told) -> JourneyKey {
    let environment = set.store.environments.string(entry.environment)
    return JourneyKey(
      environment: environment.isEmpty ? "default" : environment,
      entry: .init(service: set.store.services.string(entry.service), operation: set.store.names.string(entry.operation)), told: told)
  }

  // MARK: Hops

  private enum Hops {
    case found([JourneyKey.Place])
    case lost
    case nothing
  }

  private static func pair(_ a: Int32, _ b: Int32) -> UInt64 { UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b)) }

  private func hop(_ span: Int) -> Operation { Self.pair(set.service(span), operation(span)) }

  /// The next span at or behind `index` and before `end` that belongs to another service; calls on the way there that nobody answered are
  /// told by who usually answers.
  private func nextHop(_ index: inout Int, _ end: Int, _ service: Int32, _ isLost: inout Bool) -> (hop: Operation, span: Int?)? {
    while index < end {
      let step = Int(set.spans[index].step)
      if set.service(index) != service {
        let found = index
        index += Int(set.sizes[index])
        return (hop(found), found)
      }
      if isCaller[step], !hasCallee[index], !subtreeLeaves(index, service) {
        let callee = usualCallee[step]
        index += 1
        if callee >= 0 {
          let answer = set.store.steps[Int(callee)]
          return (Self.pair(answer.service, answer.operation), nil)
        }
        isLost = true
        continue
      }
      index += 1
    }
    return nil
  }

  private func subtreeLeaves(_ index: Int, _ service: Int32) -> Bool {
    (index..<index + Int(set.sizes[index])).contains { set.service($0) != service }
  }

  /// The call that tells what the request wants, and what that one calls as long as names say nothing.
  private func hops(_ trace: TraceSet.Trace, _ skipped: Set<Operation>) -> Hops {
    let service = set.service(trace.root)
    var index = trace.root + 1
    let end = trace.root + Int(set.sizes[trace.root])
    var isLost = false
    var last: (hop: Operation, span: Int?)?
    while let next = nextHop(&index, end, service, &isLost) {
      last = next
      if !skipped.contains(next.hop) { break }
    }
    guard var found = last else { return isLost ? .lost : .nothing }
    var places = [place(found.hop)]
    while places.count < 4, kinds[Int(found.hop & 0xFFFF_FFFF)] == .generic, let span = found.span {
      var below = span + 1
      guard let next = nextHop(&below, span + Int(set.sizes[span]), set.service(span), &isLost) else { break }
      found = next
      places.append(place(found.hop))
    }
    return .found(places)
  }

  private func place(_ hop: Operation) -> JourneyKey.Place {
    .init(
      service: set.store.services.string(Int32(truncatingIfNeeded: hop >> 32)),
      operation: set.store.names.string(Int32(truncatingIfNeeded: hop & 0xFFFF_FFFF)))
  }

  /// The calls that nearly all requests of an entry make first, while what comes next differs: they tell none from another.
  private func commonHops(_ traces: [Int]) -> Set<Operation> {
    var skipped: Set<Operation> = []
    for _ in 0..<3 {
      var firsts: [Operation: Int] = [:]
      var seconds: [Operation: [Operation: Int]] = [:]
      var withHops = 0
      for trace in traces {
        let trace = set.traces[trace]
        var index = trace.root + 1
        let end = trace.root + Int(set.sizes[trace.root])
        var isLost = false
        var rest: [Operation] = []
        while rest.count < 2, let next = nextHop(&index, end, set.service(trace.root), &isLost) {
          if !skipped.contains(next.hop), rest.last != next.hop { rest.append(next.hop) }
        }
        guard let first = rest.first else { continue }
        withHops += 1
        firsts[first, default: 0] += 1
        if rest.count == 2 { seconds[first, default: [:]][rest[1], default: 0] += 1 }
      }
      guard withHops >= 20, let common = firsts.first(where: { $0.value * 20 >= withHops * 19 }) else { break }
      let next = seconds[common.key] ?? [:]
      guard next.values.reduce(0, +) * 10 >= common.value * 9, next.values.filter({ $0 * 20 >= common.value }).count >= 2 else { break }
      skipped.insert(common.key)
    }
    return skipped
  }

  private func hasManyHops(_ traces: [Int]) -> Bool {
    var counts: [Operation: Int] = [:]
    for trace in traces {
      let trace = set.traces[trace]
      var index = trace.root + 1
      var isLost = false
      let next = nextHop(&index, trace.root + Int(set.sizes[trace.root]), set.service(trace.root), &isLost)
      counts[next?.hop ?? .max, default: 0] += 1
    }
    return counts.values.filter { $0 * 50 >= traces.count }.count >= 2
  }

  // MARK: Shapes

  /// Requests that call no other service, by the first operation of their own that not all of them run.
  private func split(_ traces: [Int], _ groups: inout [JourneyKey.Told: [Int]], _ least: Int) {
    var frequency: [Int32: Int] = [:]
    for trace in traces {
      for operation in Set(set.traces[trace].range.dropFirst().map { operation($0) }) { frequency[operation, default: 0] += 1 }
    }
    var shapes: [Int32: [Int]] = [:]
    var rest: [Int] = []
    for trace in traces {
      let own = set.traces[trace].range.dropFirst().map { operation($0) }.filter { (frequency[$0] ?? 0) * 20 < traces.count * 19 }
      // One that tells comes before one that is only rare.
      if let told = own.first(where: { kinds[Int($0)] == .telling }) ?? own.first(where: { kinds[Int($0)] == .opaque }) {
        shapes[told, default: []].append(trace)
      } else {
        rest.append(trace)
      }
    }
    let large = shapes.filter { $0.value.count >= max(least, traces.count / 50) }
    guard large.count >= 2 || large.count == 1 && !rest.isEmpty else { return }
    for (operation, members) in shapes where large[operation] == nil { rest += members }
    for (operation, members) in large { groups[.shape(set.store.names.string(operation))] = members }
    groups[.noHop] = rest.isEmpty ? nil : rest.sorted()
  }

  // MARK: Traces without a beginning

  /// What came of a trace may begin at a hop that belongs to one journey; an entry that is called by nobody else is one like others.
  private mutating func adopt(_ entry: Entry, _ traces: [Int]) {
    let own = key(entry, .entry)
    let candidates = keys.indices.filter { number in
      guard keys[number].environment == own.environment else { return false }
      switch keys[number].told {
      case .hops(let places): return places.contains(own.entry)
      default: return keys[number].entry == own.entry
      }
    }
    if candidates.count == 1, let only = candidates.first {
      for trace in traces { places[trace] = .key(only) }
      return
    }
    let isInnerStep = traces.contains { isInner[Int(set.spans[set.traces[$0].root].step)] }
    if candidates.isEmpty, !isInnerStep, traces.count >= 10 {
      decide(entry, traces, isAlone: false)
    } else {
      for trace in traces { places[trace] = .none(.noRoot) }
    }
  }
}
