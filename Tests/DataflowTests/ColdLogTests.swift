import Dataflow
import DataflowTesting
import Testing

@Suite struct ColdLogTests {
  @Test("values stay where they are, through increments and into another log", arguments: 0..<10)
  func values(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let log = ColdLog()
    var values: [(offset: Int, bytes: [UInt8])] = []
    var parts: [[UInt8]] = []
    for _ in 0..<6 {
      for _ in 0..<random.int(0...400) {
        let length = random.chance(0.02) ? random.int(0...200_000) : random.int(0...300)
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ values.count) }
        values.append((log.append(bytes), bytes))
      }
      let snapshot = log.snapshot()
      let end = values.count
      for _ in 0..<random.int(0...50) { values.append((log.append([7, 7]), [7, 7])) }
      let isFull = snapshot.isFull
      var part: [UInt8] = []
      try snapshot.encode(full: isFull) { part.append(contentsOf: $0) }
      snapshot.completed()
      parts = isFull ? [part] : parts + [part]
      let other = ColdLog()
      for _ in 0..<random.int(0...3) { _ = other.append([1, 2, 3]) }
      let base = other.append(log: parts)
      for (offset, bytes) in values.prefix(end) where Array(other.view(base + offset, bytes.count).buffer) != bytes {
        Issue.record("seed \(seed): a value of \(bytes.count) bytes at \(offset) is not what it was")
        return
      }
    }
    #expect(values.allSatisfy { Array(log.view($0.offset, $0.bytes.count).buffer) == $0.bytes })
  }
}
