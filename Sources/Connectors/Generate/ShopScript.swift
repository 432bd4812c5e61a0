/// Templates and journeys in the form in which lines are written from them: flat arrays, made once.
final class ShopScript: Sendable {
  static let shared = ShopScript()

  struct Piece: Sendable {
    /// Nil for literal bytes.
    var variable: ShopVariable?
    var start: Int
    var count: Int
  }

  struct Template: Sendable {
    var service: ShopService
    var severity: ShopSeverity
    var pieces: Range<Int>
  }

  let templates: [Template]
  let pieces: [Piece]
  let literals: [UInt8]
  /// Where the background's templates stand in `templates`.
  let background: Range<Int>
  /// Where the background's rarer templates stand.
  let trouble: Range<Int>
  /// By service: where its templates with personal data stand in `templates`.
  let personal: [Range<Int>]
  /// The kind of journey for each of a hundred draws.
  let kinds: [UInt8]
  /// By kind, outcome and step (see `stepIndex`): a range of `choices`; empty for a line of the background.
  let steps: [Range<Int>]
  /// Indices of templates.
  let choices: [Int]
  /// No message is longer than this many bytes.
  let maxMessageLength: Int

  static func stepIndex(kind: Int, outcome: ShopJourneys.Outcome, step: Int) -> Int {
    (kind * ShopJourneys.Outcome.allCases.count + outcome.rawValue) * ShopJourneys.length + step
  }

  static let checkoutKind = ShopJourneys.all.firstIndex { $0.steps[.fault] != nil } ?? 0

  private init() {
    let personalEntries = ShopTemplates.personal.sorted { $0.service.rawValue < $1.service.rawValue }
    let entries = ShopTemplates.journeys + ShopTemplates.background + ShopTemplates.trouble + personalEntries
    var pieces: [Piece] = []
    var literals: [UInt8] = []
    templates = entries.map { entry in
      let first = pieces.count
      Self.compile(entry.text, into: &pieces, &literals)
      return Template(service: entry.service, severity: entry.severity, pieces: first..<pieces.count)
    }
    self.pieces = pieces
    self.literals = literals
    let backgroundStart = ShopTemplates.journeys.count
    let troubleStart = backgroundStart + ShopTemplates.background.count
    let personalStart = troubleStart + ShopTemplates.trouble.count
    background = backgroundStart..<troubleStart
    trouble = troubleStart..<personalStart
    personal = ShopService.allCases.map { service in
      let first = personalEntries.firstIndex { $0.service == service } ?? 0
      let count = personalEntries.count { $0.service == service }
      return personalStart + first..<personalStart + first + count
    }
    kinds = ShopJourneys.all.enumerated().flatMap { Array(repeating: UInt8($0), count: $1.weight) }

    let names = Dictionary(uniqueKeysWithValues: ShopTemplates.journeys.enumerated().map { ($1.name, $0) })
    var choices: [Int] = []
    var steps: [Range<Int>] = []
    for journey in ShopJourneys.all {
      for outcome in ShopJourneys.Outcome.allCases {
        let script = journey.steps[outcome] ?? journey.steps[.fine] ?? []
        precondition(script.count == ShopJourneys.length, "a journey has \(ShopJourneys.length) steps")
        for step in script {
          let first = choices.count
          for name in step {
            guard let index = names[name] else { preconditionFailure("no template is named \(name)") }
            choices.append(index)
          }
          steps.append(first..<choices.count)
        }
      }
    }
    self.choices = choices
    self.steps = steps
    maxMessageLength =
      templates.map { template in
        pieces[template.pieces].reduce(0) { $0 + ($1.variable?.maxLength ?? $1.count) }
      }.max() ?? 0
  }

  /// Cuts a template at its braces.
  private static func compile(_ text: String, into pieces: inout [Piece], _ literals: inout [UInt8]) {
    var rest = Substring(text)
    func literal(_ part: Substring) {
      guard !part.isEmpty else { return }
      pieces.append(Piece(variable: nil, start: literals.count, count: part.utf8.count))
      literals.append(contentsOf: part.utf8)
    }
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      literal(rest[..<open])
      let name = String(rest[rest.index(after: open)..<close])
      guard let variable = ShopVariable(rawValue: name) else { preconditionFailure("no variable is named \(name)") }
      pieces.append(Piece(variable: variable, start: 0, count: 0))
      rest = rest[rest.index(after: close)...]
    }
    literal(rest)
  }
}
