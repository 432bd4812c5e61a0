/// Event time of a source subtask: per split the largest time seen, and from them the subtask's watermark.
///
/// A pure value. The watermark is part of the checkpoint, so after a restore a late record is still late.
package struct SplitWatermarks {
  package struct Split: Equatable {
    package var name: String
    package var maxTime: Int64
    /// Processing time of the last record; not part of the checkpoint.
    package var lastRecord: Int64
    package var isIdle: Bool
  }
  package private(set) var splits: [UInt32: Split] = [:]
  private let maxOutOfOrder: Int64
  private let idleAfter: Int64?
  package private(set) var current = Int64.min
  package private(set) var isIdle = false

  package init(maxOutOfOrder: Int64, idleAfter: Int64?) {
    self.maxOutOfOrder = maxOutOfOrder
    self.idleAfter = idleAfter
  }

  /// A split the subtask owns. Until it has a record it holds the watermark back.
  package mutating func add(_ split: UInt32, name: String, now: Int64) {
    if splits[split] == nil { splits[split] = Split(name: name, maxTime: .min, lastRecord: now, isIdle: false) }
  }

  /// A record's time (or the largest of a batch).
  package mutating func observe(_ split: UInt32, time: Int64, now: Int64) {
    guard var state = splits[split] else { return }
    state.maxTime = max(state.maxTime, time)
    state.lastRecord = now
    state.isIdle = false
    splits[split] = state
  }

  /// What whoever made the split's records says of their time. It takes the place of the largest event time.
  package mutating func relay(_ mark: SplitMark) {
    guard var state = splits[mark.split] else { return }
    // As if such a record had been seen, without any disorder.
    state.maxTime = mark.watermark == .min ? .min : max(state.maxTime, min(mark.watermark, .max - 1) + 1)
    state.isIdle = mark.isIdle
    splits[mark.split] = state
  }

  /// Recomputes the watermark; answers with it when it rose. `isFinished` splits and idle ones do not hold it back;
  /// `isComplete` ones (`SplitTable.complete`) are never idle.
  package mutating func advance(
    now: Int64, isFinished: (UInt32) -> Bool, isComplete: (UInt32) -> Bool = { _ in false }
  ) -> Int64? {
    var low = Int64.max
    var active = 0
    for (id, var split) in splits where !isFinished(id) {
      if let idleAfter, now - split.lastRecord >= idleAfter, !split.isIdle, !isComplete(id) {
        split.isIdle = true
        splits[id] = split
      }
      if split.isIdle { continue }
      active += 1
      low = min(low, split.maxTime == .min ? .min : split.maxTime - maxOutOfOrder - 1)
    }
    isIdle = active == 0
    guard active > 0, low > current else { return nil }
    current = low
    return low
  }

  // MARK: Checkpoint

  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: current)
    bytes.append(integer: UInt32(splits.count))
    for split in splits.values.sorted(by: { $0.name < $1.name }) {
      bytes.append(counted: split.name)
      bytes.append(integer: split.maxTime)
    }
    return bytes
  }

  /// Takes over the times of the splits that this subtask owns now. The subtask's watermark starts at the smallest of the former subtasks'.
  package mutating func restore(_ sections: [[UInt8]]) throws {
    var saved: [String: Int64] = [:]
    var lowest = Int64.max
    for section in sections {
      try section.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        lowest = min(lowest, try reader.integer())
        for _ in 0..<(try reader.integer(UInt32.self)) {
          let name = try reader.text()
          saved[name] = max(saved[name] ?? .min, try reader.integer())
        }
      }
    }
    for (id, split) in splits {
      if let time = saved[split.name] { splits[id]?.maxTime = time }
    }
    if !sections.isEmpty { current = lowest }
  }
}
