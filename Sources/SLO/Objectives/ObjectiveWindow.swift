/// The stretch of time that a budget is for.
package enum ObjectiveWindow: Sendable, Equatable {
  /// The last so many days, at any moment.
  case rolling(days: Int)
  /// From the first of a week, month or quarter, UTC.
  case calendar(Unit)

  package enum Unit: String, Sendable, CaseIterable {
    case week
    case month
    case quarter
  }

  /// Days, for burn rates; the longest that a calendar window can be.
  package var days: Int {
    switch self {
    case .rolling(let days): days
    case .calendar(.week): 7
    case .calendar(.month): 31
    case .calendar(.quarter): 92
    }
  }

  /// `30d`, `month`.
  package var text: String {
    switch self {
    case .rolling(let days): "\(days)d"
    case .calendar(let unit): unit.rawValue
    }
  }

  /// For sentences about a budget: `the last 30d`, `this month`.
  package var phrase: String {
    switch self {
    case .rolling(let days): "the last \(days)d"
    case .calendar(let unit): "this \(unit.rawValue)"
    }
  }

  /// What an objective is kept over: `30d`, `each month`.
  package var span: String {
    switch self {
    case .rolling(let days): "\(days)d"
    case .calendar(let unit): "each \(unit.rawValue)"
    }
  }

  /// The window that `time` (nanoseconds since 1970) is in, as nanoseconds; a rolling one ends with it.
  package func range(at time: Int64) -> Range<Int64> {
    let day: Int64 = 86_400_000_000_000
    switch self {
    case .rolling(let days): return (time - Int64(days) * day)..<time
    case .calendar(let unit):
      let today = time >= 0 ? time / day : (time - day + 1) / day
      if unit == .week {
        // 1970 began on a Thursday; weeks begin on Mondays.
        let monday = today - ((today + 3) % 7 + 7) % 7
        return (monday * day)..<((monday + 7) * day)
      }
      let (year, month) = CivilDate.month(of: today)
      let length: Int64 = unit == .month ? 1 : 3
      let first = (month - 1) / length * length + 1
      let next = first + length
      let end = next > 12 ? CivilDate.days(year + 1, next - 12) : CivilDate.days(year, next)
      return (CivilDate.days(year, first) * day)..<(end * day)
    }
  }
}

/// Days since 1970 and the Gregorian calendar.
package enum CivilDate {
  /// Days from 1970 to the first of a month.
  static func days(_ year: Int64, _ month: Int64, _ day: Int64 = 1) -> Int64 {
    // Years begin in March, so that the leap day is their last.
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func month(of day: Int64) -> (year: Int64, month: Int64) {
    let date = date(of: day)
    return (date.year, date.month)
  }

  static func date(of day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let z = day + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  /// Nanoseconds since 1970 as `2026-11-24 17:05` UTC.
  package static func text(_ time: Int64) -> String {
    let minutes = time >= 0 ? time / 60_000_000_000 : (time - 59_999_999_999) / 60_000_000_000
    let days = minutes >= 0 ? minutes / 1440 : (minutes - 1439) / 1440
    let (year, month, day) = date(of: days)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let minute = minutes - days * 1440
    return "\(year)-\(two(month))-\(two(day)) \(two(minute / 60)):\(two(minute % 60))"
  }
}
