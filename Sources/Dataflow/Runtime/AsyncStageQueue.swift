/// What is under way in an async stage, in order of arrival. Pure: says what may leave now.
///
/// ```
/// [batch 7 done][batch 8 …][watermark][batch 9 done]     ordered: 7 leaves; 9 waits for 8 and the watermark
///                                                        unordered: 7 and 9 leave at once, the watermark waits for 8
/// ```
struct AsyncStageQueue<Value> {
  private enum Entry {
    case waiting(UInt64)
    case done(UInt64, Value)
    case watermark(Int64)
  }
  enum Departure {
    case value(Value)
    case watermark(Int64)
  }

  private var entries: [Entry] = []
  private var nextID: UInt64 = 0
  private let isOrdered: Bool
  private(set) var underWay = 0

  init(isOrdered: Bool) { self.isOrdered = isOrdered }

  var isEmpty: Bool { entries.isEmpty }

  /// A batch begins; answers with its number.
  mutating func begin() -> UInt64 {
    nextID += 1
    underWay += 1
    entries.append(.waiting(nextID))
    return nextID
  }

  mutating func watermark(_ watermark: Int64) { entries.append(.watermark(watermark)) }

  mutating func complete(_ id: UInt64, _ value: Value) {
    guard let index = entries.firstIndex(where: { if case .waiting(id) = $0 { true } else { false } }) else {
      preconditionFailure("batch \(id) completed, but it is not under way")
    }
    underWay -= 1
    entries[index] = .done(id, value)
  }

  /// Takes out everything that may leave, in the order in which it must.
  mutating func departures() -> [Departure] {
    var result: [Departure] = []
    if !isOrdered {
      // A watermark waits for the batches before it; a batch waits for nobody, and leaving before an earlier watermark is harmless.
      var rest: [Entry] = []
      for entry in entries { if case .done(_, let value) = entry { result.append(.value(value)) } else { rest.append(entry) } }
      entries = rest
    }
    while let first = entries.first {
      switch first {
      case .waiting: return result
      case .done(_, let value): result.append(.value(value))
      case .watermark(let watermark): result.append(.watermark(watermark))
      }
      entries.removeFirst()
    }
    return result
  }
}
