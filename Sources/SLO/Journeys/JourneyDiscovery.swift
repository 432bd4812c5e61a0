/// Finds the journeys of traces.
package struct JourneyDiscovery {
  /// What is looked at, and what people have decided.
  package struct Options: Sendable {
    /// Traces that began before this are left out, in nanoseconds since 1970.
    package var since: Int64 = .min
    /// Only this environment, where it is not nil.
    package var environment: String?
    package var edits = JourneyEdits()
    /// Traces that are left out, with all that goes on from them: indices into the set's.
    package var leftOut: Set<Int> = []

    package init() {}
  }

  /// Journeys, and where each trace went.
  package struct Result: Sendable {
    /// By requests, most first.
    package var journeys: [Journey] = []
    /// For each trace of the set the index of its journey, or nil.
    package var assignment: [Int?] = []
    /// Traces that failed, as indices.
    package var failed: Set<Int> = []
    /// Why the others have none, and how many those are.
    package var unassigned: [Unassigned: Int] = [:]
    /// Traces within the window and the environment.
    package var traces = 0
    /// Traces that go on from another one across a queue: they are part of its journey, but no request of their own.
    package var attached = 0
    /// Pins and other edits that name no journey of this discovery.
    package var unknownEdits: [String] = []
  }

  let set: TraceSet
  let options: Options
  let logs: LogEvidence
  let naming: JourneyNaming

  var tallies: [JourneyTally] = []
  var steps: [StepTally] = []
  var calls: [CallTally] = []
  var failedTraces: Set<Int> = []
  var stepNumbers = NumberMap()
  var callNumbers = NumberMap()

  private init(_ set: TraceSet, _ logs: LogEvidence, _ options: Options) {
    self.set = set
    self.logs = logs
    self.options = options
    naming = JourneyNaming(services: set.store.services.strings)
  }

  /// Every trace of the window goes to exactly one journey, or to none for a reason.
  ///
  /// - Complexity: O(spans), and O(n log n) over a trace's spans.
  package static func discover(_ set: TraceSet, logs: LogEvidence = LogEvidence(), options: Options = Options()) -> Result {
    var discovery = JourneyDiscovery(set, logs, options)
    return discovery.run()
  }

  private mutating func run() -> Result {
    var result = Result()
    let heads = set.traces.indices.map { set.head(of: $0) }
    let wanted = heads.map { isWanted($0) }
    let rules = JourneyRules.decide(set, wanted)
    let ids = rules.keys.map(\.id)
    let names = rules.keys.map { $0.name(naming) }
    let edits = resolve(ids, names, &result)

    var numbers: [String: Int] = [:]
    var home = [Int](repeating: -1, count: set.traces.count)
    for index in set.traces.indices where wanted[index] {
      result.traces += 1
      guard set.upstream[index] < 0 else { continue }
      guard case .key(let key) = rules.places[index] else {
        if case .none(let reason) = rules.places[index] { result.unassigned[reason, default: 0] += 1 }
        continue
      }
      let (id, name) = edited(ids[key], names[key], index, edits)
      let number = numbers[id] ?? tallies.count
      if number == tallies.count {
        numbers[id] = number
        var tally = JourneyTally()
        (tally.id, tally.name, tally.key) = (id, name, rules.keys[key])
        tallies.append(tally)
      }
      // Of journeys that were merged the target's key counts.
      if ids[key] == id { (tallies[number].name, tallies[number].key) = (name, rules.keys[key]) }
      tallies[number].members.append(index)
      home[index] = number
    }
    for index in set.traces.indices where wanted[index] && set.upstream[index] >= 0 {
      result.attached += 1
      home[index] = home[heads[index]]
      if home[index] >= 0 { tallies[home[index]].attached.append(index) } else { result.unassigned[.noRoot, default: 0] += 1 }
    }
    var journeys: [(journey: Journey, number: Int)] = []
    for number in tallies.indices { journeys.append((count(number, edits), number)) }
    journeys.sort { ($1.journey.requests, $0.journey.name, $0.journey.id) < ($0.journey.requests, $1.journey.name, $1.journey.id) }
    var places = [Int](repeating: -1, count: tallies.count)
    for (place, entry) in journeys.enumerated() { places[entry.number] = place }
    result.journeys = Self.slugged(journeys.map(\.journey))
    result.failed = failedTraces
    result.assignment = home.map { $0 < 0 ? nil : places[$0] }
    let known = Set(ids).union(edits.splits.map(\.id))
    result.unknownEdits = edits.references.filter { !known.contains($0) }.sorted()
    return result
  }

  private func isWanted(_ head: Int) -> Bool {
    guard !options.leftOut.contains(head) else { return false }
    let root = set.spans[set.traces[head].root]
    guard root.start >= options.since else { return false }
    guard let environment = options.environment else { return true }
    let own = set.store.environments.string(root.environment)
    return (own.isEmpty ? "default" : own) == environment
  }

  // MARK: Edits

  /// References to ids: whole ids, the beginnings of one, or slugs as they are without edits.
  private func resolve(_ ids: [String], _ names: [String], _ result: inout Result) -> JourneyEdits {
    let slugs = names.map { JourneyNaming.slug($0) }
    let splits = Set(options.edits.splits.map(\.id))
    return options.edits.resolved { reference in
      if ids.contains(reference) || splits.contains(reference) { return reference }
      let matches = ids.indices.filter { reference.count >= 8 && ids[$0].hasPrefix(reference) || slugs[$0] == reference }
      return matches.count == 1 ? ids[matches[0]] : nil
    }
  }

  private func edited(_ id: String, _ name: String, _ trace: Int, _ edits: JourneyEdits) -> (id: String, name: String) {
    var (target, name) = (edits.target(of: id), name)
    for split in edits.splits where split.journey == target && touches(trace, split) {
      name = split.name ?? "\(name), \(naming.service(split.service))"
      target = split.id
      break
    }
    return (target, edits.names[target] ?? name)
  }

  private func touches(_ trace: Int, _ split: JourneyEdits.Split) -> Bool {
    set.traces[trace].range.contains {
      let step = set.spans[$0].step
      return set.store.serviceName(step) == split.service && (split.operation == nil || set.store.operationName(step) == split.operation)
    }
  }

  /// The same with slugs; journeys of one name get part of their id.
  private static func slugged(_ journeys: [Journey]) -> [Journey] {
    var counts: [String: Int] = [:]
    let slugs = journeys.map { JourneyNaming.slug($0.name) }
    for slug in slugs { counts[slug, default: 0] += 1 }
    return zip(journeys, slugs).map { journey, slug in
      var journey = journey
      journey.slug = counts[slug] == 1 ? slug : "\(slug)-\(journey.id.prefix(6))"
      return journey
    }
  }
}
