/// Draws the steps of a journey from left to right, as SVG. Colours come from the page, so that it suits light and dark.
struct JourneyMap {
  private let journey: Journey
  /// Services in columns by how far they are from the entry.
  private var columns: [[Int]] = []
  private var places: [Int: (x: Int, y: Int)] = [:]

  private static let (width, height, gapX, gapY) = (210, 54, 56, 16)
  /// More is not readable.
  private static let most = 40

  init(_ journey: Journey) {
    self.journey = journey
    let count = min(journey.steps.count, Self.most)
    var depth = [Int?](repeating: nil, count: count)
    if count > 0 { depth[0] = 0 }
    // Breadth first: a step stands one column right of the nearest caller.
    var front = count > 0 ? [0] : []
    while !front.isEmpty {
      var next: [Int] = []
      for from in front {
        for call in journey.calls where call.from == from && call.to < count && depth[call.to] == nil {
          depth[call.to] = (depth[from] ?? 0) + 1
          next.append(call.to)
        }
      }
      front = next
    }
    let columnCount = (depth.compactMap { $0 }.max() ?? 0) + 1
    columns = (0..<columnCount).map { column in (0..<count).filter { (depth[$0] ?? 0) == column } }
    for (column, steps) in columns.enumerated() {
      for (row, step) in steps.enumerated() {
        places[step] = (8 + column * (Self.width + Self.gapX), 8 + row * (Self.height + Self.gapY))
      }
    }
  }

  var svg: String {
    let width = columns.count * (Self.width + Self.gapX) - Self.gapX + 16
    let height = (columns.map(\.count).max() ?? 0) * (Self.height + Self.gapY) - Self.gapY + 16
    var out =
      "<svg class=\"map\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\" aria-label=\"Steps of \(HTML.escaped(journey.name))\">\n"
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
      "<text class=\"\(style)\" x=\"\(place.x + 8)\" y=\"\(place.y + line)\">\(HTML.escaped(HTML.shortened(value, to: 30)))</text>"
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
