/// Metrics in the text format of Prometheus: families in the order in which they were begun, each with its help and type.
package struct MetricsText: Sendable {
  /// What a family counts.
  package enum Kind: String, Sendable {
    case counter
    case gauge
  }

  private struct Family {
    let name: String
    let help: String
    let kind: Kind
    var samples: [String] = []
  }

  private var families: [Family] = []

  package init() {}

  /// Adds a sample.
  ///
  /// - Parameters:
  ///   - name: without the prefix `sloscout_`.
  ///   - help: one line; counts at the first sample of the family.
  ///   - labels: in the order in which they are written.
  package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ labels: [(String, String)], _ value: Double) {
    let full = "sloscout_\(name)"
    let index: Int
    if let known = families.firstIndex(where: { $0.name == full }) {
      index = known
    } else {
      families.append(Family(name: full, help: help, kind: kind))
      index = families.count - 1
    }
    let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
    families[index].samples.append("\(full)\(pairs.isEmpty ? "" : "{\(pairs)}") \(Self.number(value))")
  }

  /// The page.
  package var text: String {
    families.map { family in
      "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n" + family.samples.joined(separator: "\n")
        + "\n"
    }.joined()
  }

  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
