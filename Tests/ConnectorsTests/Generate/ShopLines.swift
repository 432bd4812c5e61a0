import Connectors
import Dataflow
import Foundation
import Synchronization
import Testing

/// What the tests of the shop share: its lines as text, and a reading of them that knows nothing of the generator.
enum ShopLines {
  static func bytes(_ generator: ShopGenerator, _ index: UInt64) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: generator.maxLineLength) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      count = generator.write(index, to: base)
    }
  }

  static func all(_ options: ShopOptions) -> [[UInt8]] {
    let generator = ShopGenerator(options)
    return (0..<UInt64(options.records ?? 0)).map { bytes(generator, $0) }
  }

  /// A line as a job must see it: parsed by Foundation, checked by the contract that `ShopTruth` states.
  struct Reading {
    var eventID: String
    var service: String
    var severity: String
    var timestamp: Int64
    var message: String
    var trace: String?

    /// Nil for a broken line.
    init?(_ line: [UInt8]) {
      guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any], let id = object["event_id"] as? String,
        let service = object["service_name"] as? String, let severity = object["severity"] as? String,
        let time = object["timestamp"] as? NSNumber, let message = object["message"] as? String
      else { return nil }
      (eventID, self.service, self.severity, timestamp, self.message) = (id, service, severity, time.int64Value, message)
      trace = object["trace_id"] as? String
    }
  }

  /// The watermark rule of the engine, one record at a time over the splits in the given order of arrival.
  struct NaiveLateness {
    let bound: Int64
    let window: Int64
    let lateness: Int64
    var largest: [Int64?]

    init(splits: Int, bound: Int64 = 600_000, window: Int64 = 3_600_000, lateness: Int64 = 600_000) {
      (self.bound, self.window, self.lateness) = (bound, window, lateness)
      largest = Array(repeating: nil, count: splits)
    }

    mutating func isLate(_ time: Int64, split: Int) -> Bool {
      let known = largest.compactMap { $0 }
      let watermark = known.count == largest.count ? (known.min() ?? Int64.min) - bound : Int64.min
      largest[split] = max(largest[split] ?? Int64.min, time)
      let end = (Double(time) / Double(window)).rounded(.down) * Double(window) + Double(window)
      return watermark != Int64.min && Int64(end) + lateness <= watermark
    }
  }
}

/// A clock that tests turn by hand.
final class HandClock: Runtime {
  private let time: Mutex<Int64>
  init(_ start: Int64 = 0) { time = Mutex(start) }
  func advance(_ nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
  func now() -> Int64 { time.withLock { $0 } }
  func monotonic() -> Int64 { now() }
  func sleep(nanoseconds: Int64) async throws {}
  func random() -> UInt64 { 4 }
  var slots: [any Slot] { [] }
  func block(nanoseconds: Int64) { advance(nanoseconds) }
  func background(_ purpose: String) -> any Slot { preconditionFailure("the shop runs nothing in the background") }
  var files: any FileSystem { preconditionFailure("the shop opens no files") }
}
