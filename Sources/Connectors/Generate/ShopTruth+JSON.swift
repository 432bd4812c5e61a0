extension ShopTruth {
  /// The truth as one JSON object, for those who judge a job from outside of the program.
  ///
  /// - Parameters:
  ///   - options: those that the truth was counted from.
  ///   - bytes: the size of the lines in all, if it is known.
  public func json(_ options: ShopOptions, bytes: Int? = nil) -> String {
    func object(_ entries: [(String, Int)]) -> String { "{" + entries.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}" }
    let defects = ShopDefect.allCases.map { ("\($0)", perDefect[$0] ?? 0) }
    let services = ShopService.allCases.map { ($0.name, perService[$0] ?? 0) }
    let severities = ShopSeverity.allCases.map { ($0.name, perSeverity[$0] ?? 0) }
    let windows = ShopService.allCases.map { service in
      let panes = perPane.filter { $0.key.service == service }.map { ("\($0.key.windowStart)", $0.value) }.sorted { $0.0 < $1.0 }
      return "\"\(service.name)\": \(object(panes))"
    }
    let size = bytes.map { " \"bytes\": \($0)," } ?? ""
    return """
      {
        "seed": \(options.seed), "events": \(records),\(size) "base_ms": \(options.start), "span_ms": \(options.span),
        "accepted": \(accepted), "late_dropped": \(late), "malformed": \(broken), "personal": \(personal),
        "malformed_by_kind": \(object(defects)),
        "accepted_by_service": \(object(services)),
        "accepted_by_severity": \(object(severities)),
        "accepted_by_window": {\(windows.joined(separator: ", "))}
      }

      """
  }
}
