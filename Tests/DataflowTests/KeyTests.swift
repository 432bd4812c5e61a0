import Dataflow
import DataflowTesting
import Testing

@Suite struct KeyTests {
  @Test("every key group belongs to exactly one subtask, and ranges say the same as the formula, for every parallelism")
  func partition() {
    for parallelism in 1...KeyGroup.count {
      var next = 0
      for subtask in 0..<parallelism {
        let range = KeyGroup.range(ofSubtask: subtask, parallelism: parallelism)
        guard range.lowerBound == next else {
          Issue.record("parallelism \(parallelism): subtask \(subtask) begins at \(range.lowerBound), not at \(next)")
          return
        }
        if !range.allSatisfy({ KeyGroup.subtask(ofGroup: $0, parallelism: parallelism) == subtask }) {
          Issue.record("parallelism \(parallelism): a group of subtask \(subtask) goes elsewhere")
        }
        if range.count > (KeyGroup.count + parallelism - 1) / parallelism {
          Issue.record("parallelism \(parallelism): subtask \(subtask) has too many")
        }
        next = range.upperBound
      }
      if next != KeyGroup.count { Issue.record("parallelism \(parallelism): groups from \(next) on have no owner") }
    }
  }

  @Test("groups of hashes are in range and monotonic in the hash")
  func groups() {
    var random = SeededRandom(4)
    var hashes =
      (0..<10_000).map { _ in KeyHash(high: random.next(), low: random.next()) } + [
        KeyHash(high: 0, low: 0), KeyHash(high: .max, low: .max),
      ]
    hashes.sort()
    let groups = hashes.map(\.group)
    #expect(groups.first == 0 && groups.last == KeyGroup.count - 1)
    #expect(zip(groups, groups.dropFirst()).allSatisfy { $0 <= $1 })
  }

  private static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> KeyHash {
    var hasher = KeyHasher(seed: seed)
    bytes.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
    return hasher.finish()
  }

  @Test("short keys do not collide, and spread over the groups and the slots of a segment")
  func spread() {
    var seen = Set<KeyHash>()
    var groups = Array(repeating: 0, count: KeyGroup.count)
    var slots = Array(repeating: 0, count: 512)
    let n = 200_000
    for i in 0..<n {
      let hash = Self.hash(Array("user-\(i)".utf8))
      seen.insert(hash)
      groups[hash.group] += 1
      slots[Int(hash.low & 511)] += 1
    }
    #expect(seen.count == n)
    // Six standard deviations around the mean of a Poisson variable.
    let mean = Double(n) / Double(KeyGroup.count)
    #expect(groups.allSatisfy { abs(Double($0) - mean) < 6 * mean.squareRoot() })
    let perSlot = Double(n) / 512
    #expect(slots.allSatisfy { abs(Double($0) - perSlot) < 6 * perSlot.squareRoot() })
  }

  @Test("values are hashed with their lengths, null is not the empty string, and every bit counts")
  func distinct() {
    func pair(_ a: String, _ b: String) -> KeyHash {
      var hasher = KeyHasher()
      for text in [a, b] {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
      }
      return hasher.finish()
    }
    #expect(pair("a", "bc") != pair("ab", "c"))
    #expect(pair("", "abc") != pair("abc", ""))
    var null = KeyHasher()
    null.combine(.null)
    #expect(null.finish() != Self.hash([]))
    for length in 0...70 {
      let bytes = (0..<length).map { UInt8($0) }
      let hash = Self.hash(bytes)
      #expect(Self.hash(bytes + [0]) != hash)
      for bit in 0..<length * 8 {
        var other = bytes
        other[bit / 8] ^= 1 << UInt8(bit % 8)
        if Self.hash(other) == hash { Issue.record("bit \(bit) of \(length) bytes does not count") }
      }
    }
  }
}
