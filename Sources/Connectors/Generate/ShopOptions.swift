/// What the shop's telemetry looks like. The lines are a pure function of these options.
public struct ShopOptions: Hashable, Sendable {
  /// The same seed gives the same lines.
  public var seed: UInt64
  /// How many records there are; nil = without end.
  public var records: Int?
  /// Event time of the first record: milliseconds since 1970.
  public var start: Int64
  /// Milliseconds of event time that `records` records cover.
  public var span: Int64
  /// Records per second of event time when there is no end.
  public var perSecond: Int
  /// The longest that an ordinary record is delayed, in milliseconds. 30 % are delayed by up to that, the others by up to two seconds.
  public var outOfOrder: Int64
  /// The share of records, in the second half of the run, that are hours late.
  public var lateFraction: Double
  /// The share of lines that are broken.
  public var brokenFraction: Double
  /// The share of messages that hold personal data.
  public var piiFraction: Double

  /// 2026-01-01T00:00:00Z
  public static let defaultStart: Int64 = 1_767_225_600_000

  /// The defaults are those of the `generate` source.
  public init(
    seed: UInt64 = 1, records: Int? = nil, start: Int64 = defaultStart, span: Int64 = 6 * 3_600_000, perSecond: Int = 1000,
    outOfOrder: Int64 = 120_000, lateFraction: Double = 0.003, brokenFraction: Double = 0.01, piiFraction: Double = 0.05
  ) {
    self.seed = seed
    self.records = records
    self.start = start
    self.span = span
    self.perSecond = perSecond
    self.outOfOrder = outOfOrder
    self.lateFraction = lateFraction
    self.brokenFraction = brokenFraction
    self.piiFraction = piiFraction
  }

  /// Late records of a bounded run lie at least this long before its start, and at most twice as long: milliseconds.
  ///
  /// So whether one is late does not depend on how the splits' lines interleave, as long as each split has shown one ordinary record.
  public static let lateMargin: Int64 = 3 * 3_600_000
}
