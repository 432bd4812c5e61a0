/// How well predicted groups and templates agree with the true ones.
struct TemplateScore {
  /// The share of lines whose predicted group holds exactly the lines of their true one.
  var accuracy = 0.0
  /// The harmonic mean of how many predicted groups are right and how many true ones were found.
  var groupF1 = 0.0
  /// The same for templates: right when all lines have the one true template, and the texts are equal.
  var templateF1 = 0.0

  /// Scores one system: of each line the true group and template, and the predicted group and template.
  init(_ lines: [(group: String, template: String, predicted: String, predictedTemplate: String)]) {
    let truth = Self.places(lines.map(\.group))
    let predicted = Self.places(lines.map(\.predicted))
    let right = truth.values.filter { predicted[lines[$0[0]].predicted] == $0 }
    accuracy = Double(right.reduce(0) { $0 + $1.count }) / Double(max(1, lines.count))
    groupF1 = Self.f1(right.count, predicted.count, truth.count)
    var templates: [String: Set<String>] = [:]
    for line in lines { templates[Self.squeezed(line.predictedTemplate), default: []].insert(Self.squeezed(line.template)) }
    let found = templates.count { $0.value == [$0.key] }
    templateF1 = Self.f1(found, templates.count, Set(lines.map { Self.squeezed($0.template) }).count)
  }

  init() {}

  /// The plain mean.
  static func mean(_ scores: [TemplateScore]) -> TemplateScore {
    var mean = TemplateScore()
    let count = Double(max(1, scores.count))
    mean.accuracy = scores.reduce(0) { $0 + $1.accuracy } / count
    mean.groupF1 = scores.reduce(0) { $0 + $1.groupF1 } / count
    mean.templateF1 = scores.reduce(0) { $0 + $1.templateF1 } / count
    return mean
  }

  private static func places(_ keys: [String]) -> [String: [Int]] {
    var places: [String: [Int]] = [:]
    for (i, key) in keys.enumerated() { places[key, default: []].append(i) }
    return places
  }

  private static func f1(_ right: Int, _ predicted: Int, _ actual: Int) -> Double {
    right == 0 ? 0 : 2 * Double(right) / Double(predicted + actual)
  }

  private static func squeezed(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
