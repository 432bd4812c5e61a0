/// The functions of Prometheus 2.42: what they take and give.
enum PromQLFunctions {
  struct Signature {
    var arguments: [PromQL.Kind]
    /// How many of the last arguments may be left out; -1 when the last may be repeated, or left out.
    var optional = 0
    var result: PromQL.Kind = .instantVector
  }

  static let all: [String: Signature] = {
    var all: [String: Signature] = [:]
    let vectors = [
      "abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp", "floor", "histogram_count",
      "histogram_sum", "ln", "log10", "log2", "rad", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "tan", "tanh", "timestamp",
    ]
    for name in vectors { all[name] = Signature(arguments: [.instantVector]) }
    let ranges = [
      "absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "idelta", "increase", "irate", "last_over_time",
      "max_over_time", "min_over_time", "present_over_time", "rate", "resets", "stddev_over_time", "stdvar_over_time", "sum_over_time",
    ]
    for name in ranges { all[name] = Signature(arguments: [.rangeVector]) }
    for name in ["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"] {
      all[name] = Signature(arguments: [.instantVector], optional: 1)
    }
    all["clamp"] = Signature(arguments: [.instantVector, .scalar, .scalar])
    for name in ["clamp_max", "clamp_min"] { all[name] = Signature(arguments: [.instantVector, .scalar]) }
    all["histogram_quantile"] = Signature(arguments: [.scalar, .instantVector])
    all["histogram_fraction"] = Signature(arguments: [.scalar, .scalar, .instantVector])
    all["holt_winters"] = Signature(arguments: [.rangeVector, .scalar, .scalar])
    all["label_join"] = Signature(arguments: [.instantVector, .string, .string, .string], optional: -1)
    all["label_replace"] = Signature(arguments: [.instantVector, .string, .string, .string, .string])
    all["pi"] = Signature(arguments: [], result: .scalar)
    all["predict_linear"] = Signature(arguments: [.rangeVector, .scalar])
    all["quantile_over_time"] = Signature(arguments: [.scalar, .rangeVector])
    all["round"] = Signature(arguments: [.instantVector, .scalar], optional: 1)
    all["scalar"] = Signature(arguments: [.instantVector], result: .scalar)
    all["time"] = Signature(arguments: [], result: .scalar)
    all["vector"] = Signature(arguments: [.scalar])
    return all
  }()
}
