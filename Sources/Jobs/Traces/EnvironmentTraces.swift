internal import Dataflow
internal import SLO

/// What is counted of one environment, and the newest traces of it, from which its journeys are told.
///
/// A trace is decided once: it belongs to a journey from then on. One that belongs to none yet (too rare, its root lost) waits until it is no
/// longer among the newest, and counts as unassigned then. One that goes on from another trace waits for that one. Journeys are told by the same
/// function as an analysis of files.
struct EnvironmentTraces: Sendable {
  /// Where a trace's spans stand in the operator's log.
  struct Kept: Sendable, Equatable {
    var id: TraceID
    /// Event time at which it was due.
    var time: Int64
    var offset: Int
    var length: Int32
    var isDecided: Bool

    /// Event time until which it waits for the trace that it goes on from.
    func waitsUntil(_ linkWait: Int64) -> Int64 {
      let (sum, isTooFar) = time.addingReportingOverflow(linkWait)
      return isTooFar ? .max : sum
    }
  }

  let name: String
  var book: MetricBook
  var kept: [Kept] = []
  /// How many of them are not decided.
  private(set) var pending = 0
  /// By a journey's id: what it is called in labels, for ever.
  var slugs: [String: String] = [:]
  private var taken: Set<String> = []
  /// Where those that are not decided stand, counted from the first that was ever kept.
  private var places: [TraceID: Int] = [:]
  /// Those that are decided.
  private var decided: Set<TraceID> = []
  /// How many came, or came anew, since journeys were told last.
  private(set) var news = 0
  /// Event time at which the first of those that wait for another trace waits no longer.
  private var waitsUntil = Int64.max
  private(set) var senders: ForgottenSenders
  /// How many were let go.
  private var forgotten = 0
  /// When the first trace came that was not decided, by the clock of ticks.
  var waitsSince = Int64.min
  /// The newest event time.
  var newest = Int64.min

  init(_ name: String, _ options: TraceMetricsOptions) {
    self.name = name
    senders = ForgottenSenders(limit: options.remember)
    book = MetricBook(
      options.families, common: name.isEmpty ? [] : [(name: "deployment_environment_name", value: name)], limit: options.seriesLimit)
  }

  /// Takes back what was saved.
  mutating func restore(kept: [Kept], news: Int, senders: ForgottenSenders, slugs: [String: String]) {
    self.kept = kept
    self.senders = senders
    self.slugs = slugs
    taken = Set(slugs.values)
    pending = kept.count { !$0.isDecided }
    for (index, trace) in kept.enumerated() where !trace.isDecided { places[trace.id] = index }
    decided = Set(kept.filter(\.isDecided).map(\.id)).subtracting(places.keys)
    self.news = news
    // Who waits is found in the first round.
    waitsUntil = pending > 0 ? .min : .max
  }

  /// Takes a trace. One that is here already, and comes again after the assembly has forgotten it, is no request of its own: its spans count for the first.
  mutating func keep(_ id: TraceID, time: Int64, offset: Int, length: Int) {
    let isHere = places[id] != nil || decided.contains(id)
    if !isHere {
      places[id] = forgotten + kept.count
      pending += 1
    }
    kept.append(Kept(id: id, time: time, offset: offset, length: Int32(truncatingIfNeeded: length), isDecided: isHere))
    news += 1
  }

  /// More of a trace has come: it is looked at as a whole, unless it is decided.
  ///
  /// - Returns: bytes of the log that are no longer needed; nil when it is decided, or forgotten.
  mutating func replace(_ id: TraceID, offset: Int, length: Int) -> Int? {
    guard let place = places[id] else { return nil }
    news += 1
    let old = kept[place - forgotten]
    kept[place - forgotten].offset = offset
    kept[place - forgotten].length = Int32(truncatingIfNeeded: length)
    return Int(old.length)
  }

  /// Whether more of a trace would be looked at.
  func isOpen(_ id: TraceID) -> Bool { places[id] != nil }

  /// Whether so much has come that journeys are told without waiting for the clock. A round costs as much as all that is kept: each trace is in about two of them.
  func isFull(_ options: TraceMetricsOptions) -> Bool { news >= options.remember }

  /// Whether a round could decide anything.
  func hasNews(_ watermark: Int64) -> Bool { news > 0 || waitsUntil < .max && waitsUntil <= watermark }

  /// Tells journeys from all that is kept, and counts what belongs to one. O(spans that are kept).
  ///
  /// - Parameter watermark: event time; `.max` when nothing more comes.
  /// - Returns: bytes of the log that are no longer needed.
  mutating func decide(_ log: ColdLog, _ options: TraceMetricsOptions, _ watermark: Int64) -> Int {
    waitsSince = .min
    guard hasNews(watermark) else { return 0 }
    news = 0
    var store = SpanStore()
    store.reserve(kept.reduce(0) { $0 + Int($1.length) } / SpanRecord.usualBytes)
    var numbers: [Int32] = []
    numbers.reserveCapacity(kept.count)
    for trace in kept {
      let body = UnsafeRawBufferPointer(log.view(trace.offset, Int(trace.length)).buffer)
      numbers.append(TraceBody.read(body, into: &store) ?? -1)
    }
    TraceLinks.dropLate(&store, kept, numbers, linkWait: options.linkWait)
    let set = TraceAssembler.assemble(store)
    var places = [Int](repeating: -1, count: set.store.traceIDs.count)
    for (place, trace) in set.traces.enumerated() { places[Int(trace.id)] = place }
    let links = TraceLinks(
      set, places: places, kept, numbers, senders: senders, linkWait: options.linkWait, watermark: watermark, limit: options.remember)
    waitsUntil = links.waiting.values.min() ?? .max
    var discovery = JourneyDiscovery.Options()
    discovery.edits = options.edits
    discovery.leftOut = links.leftOut
    let result = JourneyDiscovery.discover(set, options: discovery)
    for index in kept.indices where !kept[index].isDecided && numbers[index] >= 0 {
      let place = places[Int(numbers[index])]
      guard place >= 0 else { continue }
      let number = result.assignment[place]
      guard number != nil || links.follows.contains(set.head(of: place)) else { continue }
      settle(index)
      // What goes on from another trace is part of its journey, and no request of its own.
      guard let number, set.upstream[place] < 0 else { continue }
      let journey = result.journeys[number]
      TraceMetrics.count(
        set.spans[set.traces[place].root], isFailed: result.failed.contains(place), of: journey, slug: slug(journey), into: &book)
    }
    return forget(options, waiting: Set(links.waiting.keys.map { set.id(set.traces[$0]) }), sent: Self.senders(set))
  }

  private mutating func settle(_ index: Int) {
    kept[index].isDecided = true
    places[kept[index].id] = nil
    decided.insert(kept[index].id)
    pending -= 1
  }

  /// The traces that send messages.
  private static func senders(_ set: TraceSet) -> Set<TraceID> {
    Set(set.traces.lazy.filter { $0.range.contains { set.spans[$0].kind == .producer } }.map { set.id($0) })
  }

  /// The journey's name in labels: the one it was given first, and never that of another journey.
  private mutating func slug(_ journey: Journey) -> String {
    if let known = slugs[journey.id] { return known }
    let slug = taken.contains(journey.slug) ? "\(journey.slug)-\(journey.id.prefix(6))" : journey.slug
    slugs[journey.id] = slug
    taken.insert(slug)
    book.add(
      TraceMetrics.journeyInfo,
      [
        (name: "journey", value: slug), (name: "journey_id", value: journey.id), (name: "journey_name", value: journey.name),
        (name: "entry_service", value: journey.entryService), (name: "environment", value: journey.environment),
      ], units: HistogramTally.unit)
    return slug
  }

  /// Lets the oldest traces go, but for those that wait. What belongs to no journey by now never will.
  private mutating func forget(_ options: TraceMetricsOptions, waiting: Set<TraceID>, sent: Set<TraceID>) -> Int {
    guard kept.count > options.remember else { return 0 }
    var staying: [Kept] = []
    var (lost, bytes) = (0, 0)
    let old = kept.prefix(kept.count - options.remember)
    for trace in old {
      if !trace.isDecided, waiting.contains(trace.id) {
        staying.append(trace)
        continue
      }
      bytes += Int(trace.length)
      if sent.contains(trace.id) { senders.add(trace.id) }
      if trace.isDecided {
        decided.remove(trace.id)
      } else {
        places[trace.id] = nil
        lost += 1
      }
    }
    if lost > 0 {
      book.add(
        TraceMetrics.unassigned, [(name: "environment", value: name.isEmpty ? "default" : name)], units: Int64(lost) * HistogramTally.unit)
    }
    pending -= lost
    forgotten += old.count - staying.count
    for (index, trace) in staying.enumerated() { places[trace.id] = forgotten + index }
    kept.replaceSubrange(..<old.endIndex, with: staying)
    senders.trim()
    return bytes
  }
}
