/// The windows over which burn is looked at.
package enum RateWindow: Int, Sendable, CaseIterable, Comparable {
  case m5 = 5
  case m30 = 30
  case h1 = 60
  case h2 = 120
  case h6 = 360
  case d1 = 1440
  case d3 = 4320

  package var minutes: Int { rawValue }
  /// `5m`, `6h`, `3d`.
  package var name: String { NumberText.minutes(rawValue) }
  /// Rates over a day and more are averages of recorded five-minute rates: one series to read instead of all raw ones.
  package var isChained: Bool { self >= .d1 }

  package static func < (a: RateWindow, b: RateWindow) -> Bool { a.rawValue < b.rawValue }
}
