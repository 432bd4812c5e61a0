/// Distinct byte strings, numbered from 0 in the order in which they came; `""` is always number 0.
package struct NameTable: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var hashes: [UInt64] = []
  /// Open addressing: a number, or -1.
  private var slots = [Int32](repeating: -1, count: 64)

  package init() { _ = intern([UInt8]()) }

  /// How many there are.
  package var count: Int { ends.count }

  /// The number of a string, which is given one if it is new. No allocation where it is known.
  package mutating func intern(_ name: UnsafeBufferPointer<UInt8>) -> Int32 {
    let hash = StableHash.word(name)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let known = Int(slots[slot])
      if hashes[known] == hash, isEqual(known, name) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    let number = Int32(truncatingIfNeeded: ends.count)
    slots[slot] = number
    hashes.append(hash)
    bytes.append(contentsOf: name)
    ends.append(bytes.count)
    if ends.count * 2 > slots.count { grow() }
    return number
  }

  /// The same for bytes in an array.
  package mutating func intern(_ name: [UInt8]) -> Int32 { name.withUnsafeBufferPointer { intern($0) } }

  /// The same for a text.
  package mutating func intern(_ name: String) -> Int32 { intern(Array(name.utf8)) }

  /// The string of a number.
  package func string(_ number: Int32) -> String { String(decoding: bytes[range(Int(number))], as: UTF8.self) }

  /// The bytes of a number's string.
  package func bytes(_ number: Int32) -> ArraySlice<UInt8> { bytes[range(Int(number))] }

  /// All of them, by number.
  package var strings: [String] { (0..<Int32(count)).map { string($0) } }

  private func range(_ number: Int) -> Range<Int> { (number == 0 ? 0 : ends[number - 1])..<ends[number] }

  private func isEqual(_ number: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = range(number)
    guard range.count == name.count else { return false }
    let text = UnsafeRawBufferPointer(name)
    return bytes.withUnsafeBytes { known in
      var index = 0
      while index + 8 <= text.count {
        let (a, b) = (
          known.loadUnaligned(fromByteOffset: range.lowerBound + index, as: UInt64.self),
          text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        )
        if a != b { return false }
        index += 8
      }
      while index < text.count {
        if known[range.lowerBound + index] != text[index] { return false }
        index += 1
      }
      return true
    }
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for (number, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(truncatingIfNeeded: number)
    }
  }
}
