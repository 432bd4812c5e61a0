/// Draws the steps of a journey from left to right, as SVG. Colours come from the page, so that it suits light and dark.
struct JourneyMap {
  private let journey: Journey
  /// Steps in columns by how far they are from the entry.
  private var columns: [[Int]] = []
  private var places: [Int: (x: Int, y: Int)] = [:]

  private static let (width, height, gapX, gapY) = (186, 54, 40, 14)
  /// More is not readable.
  private static let most = 20

  init(_ journey: Journey) {
    self.journey = journey
    let (depth, callers) = Self.reach(journey)
    let drawn = Self.chosen(journey, callers)
    let columnCount = (drawn.map { depth[$0] }.max() ?? 0) + 1
    for column in 0..<columnCount {
      // Below each other as their callers are: lines seldom cross.
      let steps = drawn.filter { depth[$0] == column }.sorted { (row(callers[$0]), $0) < (row(callers[$1]), $1) }
      for (row, step) in steps.enumerated() {
        places[step] = (8 + column * (Self.width + Self.gapX), 8 + row * (Self.height + Self.gapY))
      }
      columns.append(steps)
    }
  }

  /// How many steps are drawn.
  var count: Int { places.count }

  private func row(_ step: Int?) -> Int { step.flatMap { places[$0]?.y } ?? 0 }

  /// For each step how many calls it is away from the entry, and the caller on the shortest way.
  private static func reach(_ journey: Journey) -> (depth: [Int], callers: [Int?]) {
    var depth = [Int?](repeating: nil, count: journey.steps.count)
    var callers = [Int?](repeating: nil, count: journey.steps.count)
    if !depth.isEmpty { depth[0] = 0 }
    var front = depth.isEmpty ? [] : [0]
    while !front.isEmpty {
      var next: [Int] = []
      for from in front {
        for call in journey.calls where call.from == from && depth.indices.contains(call.to) && depth[call.to] == nil {
          depth[call.to] = (depth[from] ?? 0) + 1
          callers[call.to] = from
          next.append(call.to)
        }
      }
      front = next
    }
    return (depth.map { $0 ?? 0 }, callers)
  }

  /// The steps that take most of the time, and the ways to them.
  private static func chosen(_ journey: Journey, _ callers: [Int?]) -> [Int] {
    let order = journey.steps.indices.sorted {
      (journey.steps[$1].criticalShare, journey.steps[$1].errors, $0) < (journey.steps[$0].criticalShare, journey.steps[$0].errors, $1)
    }
    var chosen: Set<Int> = []
    for step in order {
      var way: [Int] = []
      var present: Int? = step
      while let next = present, !chosen.contains(next) {
        way.append(next)
        present = callers[next]
      }
      if chosen.count + way.count <= most { chosen.formUnion(way) }
    }
    return chosen.sorted()
  }

  var svg: String {
    let width = columns.count * (Self.width + Self.gapX) - Self.gapX + 16
    let height = (columns.map(\.count).max() ?? 0) * (Self.height + Self.gapY) - Self.gapY + 16
    var out =
      "<svg class=\"map\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" style=\"min-width:\(width * 2 / 3)px\" role=\"img\" aria-label=\"Steps of \(HTML.escaped(journey.name))\">\n"
    for call in journey.calls { out += line(call) }
    for index in places.keys.sorted() { out += box(index) }
    return out + "</svg>\n"
  }

  private func line(_ call: JourneyCall) -> String {
    guard call.from != call.to, let from = places[call.from], let to = places[call.to] else { return "" }
    let (y1, y2) = (from.y + Self.height / 2, to.y + Self.height / 2)
    let thickness = NumberText.fixed(1 + 3 * min(1, call.probability), places: 1)
    let dash = call.probability < 0.9 ? " stroke-dasharray=\"5 4\"" : ""
    let title =
      "<title>\(NumberText.percent(call.probability, places: 0)) of the traces, \(NumberText.decimal(call.callsPerTrace, digits: 3)) calls each</title>"
    guard to.x > from.x else {
      // Back, or within a column: around the right side.
      let x = from.x + Self.width
      let target = to.x + Self.width
      return
        "<path class=\"call\" d=\"M\(x) \(y1) C\(x + 34) \(y1) \(target + 34) \(y2) \(target) \(y2)\" stroke-width=\"\(thickness)\"\(dash)>\(title)</path>\n"
    }
    let (x1, x2) = (from.x + Self.width, to.x)
    let middle = (x1 + x2) / 2
    return
      "<path class=\"call\" d=\"M\(x1) \(y1) C\(middle) \(y1) \(middle) \(y2) \(x2) \(y2)\" stroke-width=\"\(thickness)\"\(dash)>\(title)</path>\n"
  }

  private func box(_ index: Int) -> String {
    guard let place = places[index] else { return "" }
    let step = journey.steps[index]
    let bar = Int((Double(Self.width) * min(1, max(0, step.criticalShare))).rounded())
    let failed = step.errors > 0 ? " failed" : ""
    func text(_ line: Int, _ style: String, _ value: String) -> String {
      "<text class=\"\(style)\" x=\"\(place.x + 8)\" y=\"\(place.y + line)\">\(HTML.escaped(HTML.shortened(value, to: 27)))</text>"
    }
    let figures = "\(NumberText.percent(step.criticalShare, places: 0)) of time · p95 \(NumberText.duration(step.duration.p95))"
    return """
      <g class="step\(failed)"><title>\(HTML.escaped("\(step.service) \(step.operation): \(step.traces) traces, \(step.errors) failed spans"))</title>\
      <rect x="\(place.x)" y="\(place.y)" width="\(Self.width)" height="\(Self.height)" rx="6"/>\
      <rect class="bar" x="\(place.x)" y="\(place.y + Self.height - 4)" width="\(bar)" height="4"/>\
      \(text(17, "service", step.service))\(text(32, "operation", step.operation))\(text(46, "figures", figures))</g>

      """
  }
}
