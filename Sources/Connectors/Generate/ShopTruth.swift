/// What a correct job makes of the shop's lines: counted from the generator's decisions, without an engine. The oracle of tests that kill jobs.
///
/// A line is *broken* when it is not JSON, or lacks `event_id`, or its `timestamp` is not there or no number, or its `message` is null.
/// Of the others those are *late* that the generator made late; the rest is *accepted*.
public struct ShopTruth: Equatable, Sendable {
  /// What windows of event time are counted by: a service, and the window's start.
  public struct Pane: Hashable, Sendable {
    /// The service, in all environments.
    public var service: ShopService
    /// Milliseconds since 1970.
    public var windowStart: Int64

    /// Windows start at multiples of their length.
    public init(service: ShopService, windowStart: Int64) {
      self.service = service
      self.windowStart = windowStart
    }
  }

  /// All lines: accepted, late and broken.
  public private(set) var records = 0
  /// In order and in time.
  public private(set) var accepted = 0
  /// In order, and hours late.
  public private(set) var late = 0
  /// Not in order, late or not.
  public private(set) var broken = 0
  /// Accepted records whose message holds personal data.
  public private(set) var personal = 0
  /// Broken lines by what is wrong with them.
  public private(set) var perDefect: [ShopDefect: Int] = [:]
  /// Accepted records by service.
  public private(set) var perService: [ShopService: Int] = [:]
  /// Accepted records by severity.
  public private(set) var perSeverity: [ShopSeverity: Int] = [:]
  /// Accepted records by service and tumbling window.
  public private(set) var perPane: [Pane: Int] = [:]

  /// Counts the records of a range of indices, by default all of a bounded run. About 25 ns a record.
  ///
  /// - Parameters:
  ///   - window: length of the tumbling windows of `perPane`, in milliseconds, from 1970 on.
  public init(_ options: ShopOptions, indices: Range<Int>? = nil, window: Int64 = 3_600_000) {
    let generator = ShopGenerator(options)
    let range = indices ?? 0..<(options.records ?? 0)
    var perDefect = [Int](repeating: 0, count: ShopDefect.allCases.count)
    var perSeverity = [Int](repeating: 0, count: ShopSeverity.allCases.count)
    let services = ShopService.allCases.count
    // Panes of ordinary records stand dense in an array: from one window before the first moment to the window of the last.
    let firstWindow = (generator.moment(UInt64(range.lowerBound)) - options.outOfOrder) / window - 1
    let lastWindow = generator.moment(UInt64(max(range.lowerBound, range.upperBound - 1))) / window + 1
    var panes = [Int](repeating: 0, count: Int(lastWindow - firstWindow + 1) * services)
    for index in range {
      let facts = generator.facts(UInt64(index))
      if let defect = facts.defect {
        perDefect[Int(defect.rawValue)] += 1
        broken += 1
      } else if facts.isLate {
        late += 1
      } else {
        accepted += 1
        personal += facts.isPersonal ? 1 : 0
        perSeverity[Int(facts.severity.rawValue)] += 1
        panes[Int(facts.timestamp / window - firstWindow) * services + Int(facts.service.rawValue)] += 1
      }
    }
    records = range.count
    for defect in ShopDefect.allCases { self.perDefect[defect] = perDefect[Int(defect.rawValue)] }
    for severity in ShopSeverity.allCases { self.perSeverity[severity] = perSeverity[Int(severity.rawValue)] }
    for service in ShopService.allCases { perService[service] = 0 }
    for (place, count) in panes.enumerated() where count > 0 {
      guard let service = ShopService(rawValue: UInt8(place % services)) else { continue }
      perService[service, default: 0] += count
      perPane[Pane(service: service, windowStart: (firstWindow + Int64(place / services)) * window)] = count
    }
  }

  /// Whether a job with these settings (milliseconds) drops exactly `late` records and no other as late.
  ///
  /// Ordinary records are never behind the watermark when the bound covers their delays. Late ones are so far before the start of a bounded
  /// run that the first watermark is beyond their windows; only a split that shows its first record after another has read half of its
  /// own could let one through.
  public static func isVerdictCertain(_ options: ShopOptions, maxOutOfOrder: Int64, window: Int64, allowedLateness: Int64) -> Bool {
    maxOutOfOrder >= options.outOfOrder
      && window + allowedLateness + maxOutOfOrder + options.outOfOrder < ShopOptions.lateMargin
  }
}
