/// The series that a Prometheus has.
package struct SeriesInventory: Sendable, Equatable {
  package struct Series: Sendable, Equatable {
    package var name: String
    package var labels: [String: String]

    package init(_ name: String, _ labels: [String: String]) {
      self.name = name
      self.labels = labels
    }
  }

  private let byName: [String: [Series]]

  package init(_ series: [Series]) { byName = Dictionary(grouping: series) { $0.name } }

  /// The series of a name, in the order given.
  package func named(_ name: String) -> [Series] { byName[name] ?? [] }

  /// Reads the answer of `/api/v1/series`; nil when it is none.
  package init?(_ answer: StructuredValue) {
    guard answer["status"]?.string == "success", let data = answer["data"] else { return nil }
    self.init(
      data.elements.compactMap { element in
        var labels: [String: String] = [:]
        for member in element.members { labels[member.key] = member.value.string ?? "" }
        guard let name = labels.removeValue(forKey: "__name__") else { return nil }
        return Series(name, labels)
      })
  }
}
