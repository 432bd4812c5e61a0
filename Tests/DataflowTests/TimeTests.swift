import Dataflow
import DataflowTesting
import Foundation
import Testing

@Suite struct TimeTests {
  @Test("the combined watermark is the smallest of the active channels, never falls, and stays when all are idle", arguments: 0..<30)
  func valve(seed: Int) {
    var random = SeededRandom(UInt64(seed))
    let channels = random.int(1...5)
    var valve = WatermarkValve(channels: channels)
    var marks = Array(repeating: Int64.min, count: channels)
    var idle = Array(repeating: false, count: channels)
    var current = Int64.min
    for _ in 0..<500 {
      let channel = random.int(0...channels - 1)
      let risen: Int64?
      if random.chance(0.3) {
        idle[channel] = random.chance(0.5)
        risen = valve.setIdle(channel, idle[channel])
      } else {
        let mark = Int64(random.int(0...1000))
        marks[channel] = max(marks[channel], mark)
        idle[channel] = false
        risen = valve.advance(channel, to: mark)
      }
      let low = marks.indices.filter { !idle[$0] }.map { marks[$0] }.min()
      let expected = low.map { max(current, $0) } ?? current
      #expect(risen == (expected > current ? expected : nil), "seed \(seed)")
      current = expected
      #expect(valve.current == current && valve.isIdle == idle.allSatisfy { $0 })
    }
  }

  @Test(
    "a split holds the watermark back until it is idle or finished, and goes on where it was after a restore; one whose records are all there is never idle",
    arguments: 0..<30)
  func splits(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    var watermarks = SplitWatermarks(maxOutOfOrder: 10, idleAfter: 100)
    let count = random.int(1...4)
    var largest: [UInt32: Int64] = [:]
    var last: [UInt32: Int64] = [:]
    var finished = Set<UInt32>()
    let complete = Set((0..<UInt32(count)).filter { _ in random.chance(0.3) })
    var now: Int64 = 0
    var current = Int64.min
    for split in 0..<UInt32(count) {
      watermarks.add(split, name: "s\(split)", now: 0)
      last[split] = 0
    }
    for _ in 0..<300 {
      now += Int64(random.int(0...40))
      let split = UInt32(random.int(0...count - 1))
      if random.chance(0.02) { finished.insert(split) }
      if !finished.contains(split) && random.chance(0.7) {
        let time = Int64(random.int(0...5000))
        watermarks.observe(split, time: time, now: now)
        largest[split] = max(largest[split] ?? .min, time)
        last[split] = now
      }
      let active = last.keys.filter { !finished.contains($0) && (complete.contains($0) || now - (last[$0] ?? 0) < 100) }
      let low = active.map { largest[$0].map { $0 - 11 } ?? .min }.min()
      let expected = low.map { max(current, $0) } ?? current
      let risen = watermarks.advance(now: now, isFinished: finished.contains, isComplete: complete.contains)
      #expect(risen == (expected > current ? expected : nil), "seed \(seed)")
      current = expected
      #expect(watermarks.isIdle == active.isEmpty)
    }
    var restored = SplitWatermarks(maxOutOfOrder: 10, idleAfter: nil)
    for split in 0..<UInt32(count) { restored.add(split + 7, name: "s\(split)", now: 0) }
    try restored.restore([watermarks.encode()])
    #expect(restored.current == watermarks.current)
    for split in 0..<UInt32(count) { #expect(restored.splits[split + 7]?.maxTime == largest[split] ?? .min) }
  }

  private static func parse(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBufferPointer { RFC3339.parse($0) } }

  @Test("any time comes back from its text, and calendars agree with Foundation's")
  func roundTrip() {
    var random = SeededRandom(8)
    let foundation = ISO8601DateFormatter()
    for _ in 0..<5000 {
      let time = Int64(bitPattern: random.next())
      #expect(Self.parse(RFC3339.format(time)) == time)
      let seconds = max(-9_223_372_036, time.flooredQuotient(1_000_000_000))
      let text = RFC3339.format(seconds * 1_000_000_000)
      if text != foundation.string(from: Date(timeIntervalSince1970: Double(seconds))) { Issue.record("\(seconds) s is \(text)") }
    }
    for edge in [-9_223_372_036_000_000_000, -1, 0, 1, 999_999_999, 1_000_000_000, Int64.max] {
      #expect(Self.parse(RFC3339.format(edge)) == edge)
    }
    // The second that Int64.min falls into begins before it: such a time has a text, but is not read.
    #expect(RFC3339.format(.min) == "1677-09-21T00:12:43.145224192Z")
  }

  @Test("zones, fractions and blanks are read; what is not a time is not")
  func parsing() {
    #expect(Self.parse("2026-01-02T03:04:05Z") == 1_767_323_045_000_000_000)
    #expect(Self.parse("2026-01-02 03:04:05.5+01:30") == 1_767_317_645_500_000_000)
    #expect(Self.parse("2026-01-02t03:04:05.123456789123z") == 1_767_323_045_123_456_789)
    #expect(Self.parse("2024-02-29T00:00:00-00:00") != nil)
    for text in [
      "", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2025-02-29T03:04:05Z", "2026-01-02T24:04:05Z",
      "2026-01-02T03:60:05Z",
      "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+1:00", "2026-01-02T03:04:05ZZ", "2026-01-02T03:04:05+24:00", "9999-01-02T03:04:05Z",
      "20260102T030405Z....",
    ] { #expect(Self.parse(text) == nil, "\(text)") }
  }

  @Test("hostile bytes are never a trap for the time parser")
  func hostile() {
    var random = SeededRandom(2)
    for _ in 0..<20_000 {
      var bytes = Array("2026-01-02T03:04:05.123+01:00".utf8)
      for _ in 0..<random.int(1...4) { bytes[random.int(0...bytes.count - 1)] = UInt8(truncatingIfNeeded: random.next()) }
      _ = Array(bytes.prefix(random.int(0...bytes.count))).withUnsafeBufferPointer { RFC3339.parse($0) }
    }
  }

  @Test("any bytes become valid JSON text, and valid UTF-8 comes back as it was")
  func json() throws {
    var random = SeededRandom(3)
    for round in 0..<3000 {
      let bytes: [UInt8] =
        round % 2 == 0
        ? (0..<random.int(0...40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        : Array(
          String(String.UnicodeScalarView((0..<random.int(0...20)).compactMap { _ in Unicode.Scalar(UInt32(random.int(0...0x10FFFF))) }))
            .utf8)
      var text: [UInt8] = []
      bytes.withUnsafeBufferPointer { TextWriter.append(string: $0, to: &text) }
      let read = try JSONSerialization.jsonObject(with: Data(text), options: [.fragmentsAllowed]) as? String
      #expect(read.map { Array($0.utf8) } == Array(String(decoding: bytes, as: UTF8.self).utf8) || round % 2 == 0 && read != nil)
    }
  }
}
