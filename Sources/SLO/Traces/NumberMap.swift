/// A map from 64-bit keys to small numbers by open addressing: what hot loops use instead of a dictionary.
package struct NumberMap: Sendable {
  private var keys: [UInt64]
  private var values: [Int32]
  package private(set) var count = 0

  package init(capacity: Int = 64) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: 0, count: size)
    values = [Int32](repeating: -1, count: size)
  }

  /// The number of a key; a new one gets `fresh`, which must not be negative.
  package mutating func number(_ key: UInt64, orInsert fresh: Int) -> Int {
    var slot = Int(truncatingIfNeeded: StableHash.mix(key)) & (keys.count - 1)
    while values[slot] >= 0 {
      if keys[slot] == key { return Int(values[slot]) }
      slot = (slot + 1) & (keys.count - 1)
    }
    keys[slot] = key
    values[slot] = Int32(truncatingIfNeeded: fresh)
    count += 1
    if count * 2 > keys.count { grow() }
    return fresh
  }

  /// The number of a key, or nil.
  package func number(_ key: UInt64) -> Int? {
    var slot = Int(truncatingIfNeeded: StableHash.mix(key)) & (keys.count - 1)
    while values[slot] >= 0 {
      if keys[slot] == key { return Int(values[slot]) }
      slot = (slot + 1) & (keys.count - 1)
    }
    return nil
  }

  private mutating func grow() {
    let (oldKeys, oldValues) = (keys, values)
    keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
    values = [Int32](repeating: -1, count: oldKeys.count * 2)
    for index in oldValues.indices where oldValues[index] >= 0 {
      var slot = Int(truncatingIfNeeded: StableHash.mix(oldKeys[index])) & (keys.count - 1)
      while values[slot] >= 0 { slot = (slot + 1) & (keys.count - 1) }
      keys[slot] = oldKeys[index]
      values[slot] = oldValues[index]
    }
  }
}
