/// The share of events that must be good, in millionths: `99.9 %` is 999,000. Whole numbers, so that it is written exactly everywhere.
package struct ObjectiveTarget: Sendable, Hashable, Comparable {
  /// 1…999,999.
  package let millionths: Int

  /// Nil outside of 1…999,999: a target of 0 or 1 has no budget to speak of.
  package init?(millionths: Int) {
    guard (1...999_999).contains(millionths) else { return nil }
    self.millionths = millionths
  }

  /// From a ratio, to the next millionth.
  package init?(ratio: Double) {
    guard ratio > 0, ratio < 1 else { return nil }
    self.init(millionths: Int((ratio * 1_000_000).rounded()))
  }

  private init(_ millionths: Int) { self.millionths = millionths }

  package var ratio: Double { Double(millionths) / 1_000_000 }
  /// What may be bad: 1 - target.
  package var budget: Double { Double(1_000_000 - millionths) / 1_000_000 }
  /// `99.9`.
  package var percentText: String { NumberText.fixed(Double(millionths) / 10_000, places: 4, trim: true) }
  /// `0.999`.
  package var ratioText: String { NumberText.fixed(ratio, places: 6, trim: true) }
  /// `0.001`.
  package var budgetText: String { NumberText.fixed(budget, places: 6, trim: true) }

  package static func < (a: ObjectiveTarget, b: ObjectiveTarget) -> Bool { a.millionths < b.millionths }

  /// The targets that are proposed, the strictest first.
  package static let ladder = [999_900, 999_500, 999_000, 998_000, 995_000, 990_000, 980_000, 950_000, 900_000].map { ObjectiveTarget($0) }
}
