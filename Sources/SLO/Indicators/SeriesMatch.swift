/// The series of a family that measure a journey's entry.
struct SeriesMatch {
  var family: SeriesFamily
  /// Conditions on labels that pick them.
  var matchers: [PromQL.Matcher]
  /// Edges of the histogram's buckets with the label as written, ascending; nanoseconds.
  var edges: [(edge: Int64, label: String)]
  /// Whether failed requests can be told from others.
  var hasErrors: Bool
  /// Whether all of a service is measured, not one operation.
  var isWholeService: Bool

  /// Nil when the inventory has none.
  init?(_ family: SeriesFamily, _ journey: Journey, _ inventory: SeriesInventory) {
    let counted = inventory.named(family.count).filter { series in
      family.fixed.allSatisfy { matcher in series.labels[matcher.label].map { $0 == matcher.value } ?? true }
    }
    guard
      let label = family.serviceLabels.first(where: { name in counted.contains { Self.isService($0.labels[name], journey.entryService) } }),
      let service = counted.compactMap({ $0.labels[label] }).first(where: { Self.isService($0, journey.entryService) })
    else { return nil }
    var matchers = family.fixed.filter { matcher in counted.contains { $0.labels[matcher.label] != nil } }
    matchers.append(PromQL.Matcher(label, .equal, service))
    var series = counted.filter { $0.labels[label] == service }
    isWholeService = family.operationLabel == nil
    if let operation = family.operationLabel {
      let (method, route) = Self.parts(journey.entryOperation)
      let wanted = family.methodLabel == nil ? [journey.entryOperation, Self.lastPart(journey.entryOperation)] : [route]
      guard let value = wanted.first(where: { text in series.contains { $0.labels[operation] == text } }) else { return nil }
      matchers.append(PromQL.Matcher(operation, .equal, value))
      series = series.filter { $0.labels[operation] == value }
      if let label = family.methodLabel, let method, series.contains(where: { $0.labels[label] == method }) {
        matchers.append(PromQL.Matcher(label, .equal, method))
      }
    }
    self.family = family
    self.matchers = matchers
    let buckets = inventory.named(family.bucket).filter { bucket in
      matchers.allSatisfy { matcher in bucket.labels[matcher.label].map { $0 == matcher.value } ?? false }
    }
    var edges: [Int64: String] = [:]
    for bucket in buckets {
      guard let text = bucket.labels["le"], let value = Double(text), value.isFinite else { continue }
      edges[Int64((value * Double(family.unit)).rounded())] = text
    }
    self.edges = edges.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    hasErrors = family.errorCount != nil || family.error.map { error in series.contains { $0.labels[error.label] != nil } } ?? false
  }

  /// Jobs are often written as `namespace/service`.
  private static func isService(_ value: String?, _ service: String) -> Bool { value == service || value?.hasSuffix("/\(service)") == true }

  /// `GET /a/b` is a method and a route.
  private static func parts(_ operation: String) -> (method: String?, route: String) {
    let words = operation.split(separator: " ")
    guard words.count == 2, words[0].allSatisfy({ $0.isUppercase }) else { return (nil, operation) }
    return (String(words[0]), String(words[1]))
  }

  /// `oteldemo.CartService/GetCart` is `GetCart` to RPC metrics.
  private static func lastPart(_ operation: String) -> String { operation.split(separator: "/").last.map(String.init) ?? operation }
}
