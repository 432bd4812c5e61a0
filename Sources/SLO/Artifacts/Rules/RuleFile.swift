/// A file of Prometheus rules.
package struct RuleFile: Sendable, Equatable {
  package var groups: [RuleGroup]

  package init(groups: [RuleGroup]) { self.groups = groups }

  /// The document as Prometheus reads it. Every expression is parsed and typed first: throws `ArtifactError`.
  package func document() throws(ArtifactError) -> StructuredValue {
    var groups: [StructuredValue] = []
    for group in self.groups { groups.append(try group.document()) }
    return ["groups": .list(groups)]
  }

  package var rules: [Rule] { groups.flatMap(\.rules) }
}

/// Rules that are evaluated together, in their order.
package struct RuleGroup: Sendable, Equatable {
  package var name: String
  /// Between evaluations, as a duration.
  package var interval: String
  package var rules: [Rule]

  fileprivate func document() throws(ArtifactError) -> StructuredValue {
    var documents: [StructuredValue] = []
    for rule in rules { documents.append(try rule.document()) }
    return ["name": .text(name), "interval": .text(interval), "rules": .list(documents)]
  }
}

/// A recording rule or an alert.
package struct Rule: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case record
    /// With the minutes that the condition has to hold.
    case alert(hold: Int)
  }
  package var kind: Kind
  package var name: String
  package var expression: PromQL
  package var labels: [(String, String)]
  package var annotations: [(String, String)] = []

  package static func == (a: Rule, b: Rule) -> Bool {
    a.kind == b.kind && a.name == b.name && a.expression == b.expression && a.labels.elementsEqual(b.labels, by: ==)
      && a.annotations.elementsEqual(b.annotations, by: ==)
  }

  fileprivate func document() throws(ArtifactError) -> StructuredValue {
    let text = try ArtifactError.checked(expression, in: name)
    switch kind {
    case .record: return ["record": .text(name), "expr": .text(text), "labels": .labels(labels)]
    case .alert(let hold):
      var document: StructuredValue = ["alert": .text(name), "expr": .text(text)]
      if hold > 0 { document.append("for", .text("\(hold)m")) }
      document.append("labels", .labels(labels))
      document.append("annotations", .labels(annotations))
      return document
    }
  }
}

/// An expression that would have been written and is none: a mistake of ours, found before anybody reads it.
package struct ArtifactError: Error, CustomStringConvertible {
  package var description: String

  /// The text of an expression, after it was read back and typed.
  static func checked(_ expression: PromQL, in place: String) throws(ArtifactError) -> String {
    let text = expression.lines
    do {
      let read = try PromQL.checked(text)
      guard read == expression else { throw PromQL.Failure(message: "it reads as \(read)") }
    } catch {
      throw ArtifactError(description: "\(place): \(text) is no expression: \(error)")
    }
    return text
  }
}
