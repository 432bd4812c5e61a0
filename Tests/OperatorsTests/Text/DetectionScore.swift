import Operators
import PlantedData

/// How well spans were found: counts by type, and bytes let through or destroyed. A find counts when its type is right and it overlaps the
/// planted span by half of both together.
struct DetectionScore {
  /// Right, wrong and missed spans of one type.
  struct Counts {
    var right = 0
    var wrong = 0
    var missed = 0
    var precision: Double { right + wrong == 0 ? 1 : Double(right) / Double(right + wrong) }
    var recall: Double { right + missed == 0 ? 1 : Double(right) / Double(right + missed) }
  }

  private(set) var types: [String: Counts] = [:]
  private var sensitive = 0
  private var passed = 0
  private var harmless = 0
  private var destroyed = 0
  private(set) var cleanLines = 0
  private(set) var untouchedLines = 0
  /// Texts with something wrong, and what.
  private(set) var complaints: [String] = []

  /// Shares of bytes and lines.
  var leaked: Double { Double(passed) / Double(max(1, sensitive)) }
  var damaged: Double { Double(destroyed) / Double(max(1, harmless)) }
  var clean: Double { Double(untouchedLines) / Double(max(1, cleanLines)) }
  var f1: Double {
    let sum = types.values.reduce(into: Counts()) { sum, counts in
      sum.right += counts.right
      sum.wrong += counts.wrong
      sum.missed += counts.missed
    }
    return 2 * Double(sum.right) / Double(max(1, 2 * sum.right + sum.wrong + sum.missed))
  }

  /// Takes in what was found in one text.
  mutating func add(_ planted: PlantedText, found: [PIISpan]) {
    let spans = found.map { (range: Int($0.start)..<Int($0.end), type: $0.type.label) }
    var open = Set(spans.indices)
    var wrong: [String] = []
    for span in planted.spans {
      let hit = open.sorted().first { i in
        let common = spans[i].range.clamped(to: span.range).count
        return spans[i].type == span.type && common * 2 >= spans[i].range.count + span.range.count - common
      }
      if let hit {
        open.remove(hit)
        types[span.type, default: Counts()].right += 1
      } else {
        types[span.type, default: Counts()].missed += 1
        wrong.append("missed \(span.type)")
      }
    }
    for i in open.sorted() {
      types[spans[i].type, default: Counts()].wrong += 1
      wrong.append("false \(spans[i].type) \(String(decoding: planted.bytes[spans[i].range], as: UTF8.self))")
    }
    if !wrong.isEmpty { complaints.append("\(planted.text)  ||  \(wrong.joined(separator: ", "))") }
    count(planted, spans.map(\.range))
  }

  private mutating func count(_ planted: PlantedText, _ found: [Range<Int>]) {
    var isFound = [Bool](repeating: false, count: planted.bytes.count)
    for range in found { for i in range { isFound[i] = true } }
    var isPlanted = [Bool](repeating: false, count: planted.bytes.count)
    for span in planted.spans { for i in span.range { isPlanted[i] = true } }
    for i in isFound.indices {
      if isPlanted[i] {
        sensitive += 1
        if !isFound[i] { passed += 1 }
      } else {
        harmless += 1
        if isFound[i] { destroyed += 1 }
      }
    }
    if planted.spans.isEmpty {
      cleanLines += 1
      if found.isEmpty { untouchedLines += 1 }
    }
  }

  /// One line a type.
  var table: String {
    types.sorted { $0.key < $1.key }.map { name, counts in
      "\(name): precision \(counts.precision), recall \(counts.recall) (\(counts.right) right, \(counts.wrong) wrong, \(counts.missed) missed)"
    }.joined(separator: "\n") + "\nF1 \(f1), leaked \(leaked), damaged \(damaged), clean lines untouched \(clean)"
  }
}
