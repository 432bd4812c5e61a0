internal import Dataflow

/// Which epochs a folder holds: written after the rows of an epoch are in place, and read before any others are added.
struct FileLedger: Equatable, Sendable {
  static let name = "_ledger.json"

  var job: String
  var sink: String
  var epoch: UInt64
  /// Of the rows of that epoch, as the checkpoint has it.
  var digest: UInt64
  /// In all epochs so far.
  var rows: UInt64

  /// One line of JSON, closed by a check over what stands before it.
  var encoded: [UInt8] {
    var bytes = Array("{\"version\":1,\"job\":".utf8)
    TextWriter.append(string: Array(job.utf8), to: &bytes)
    bytes.append(contentsOf: ",\"sink\":".utf8)
    TextWriter.append(string: Array(sink.utf8), to: &bytes)
    bytes.append(contentsOf: ",\"epoch\":\(epoch),\"digest\":\"\(Self.hex(digest))\",\"rows\":\(rows)".utf8)
    bytes.append(contentsOf: ",\"check\":\"\(Self.hex(Self.check(bytes)))\"}\n".utf8)
    return bytes
  }

  init(job: String, sink: String, epoch: UInt64 = 0, digest: UInt64 = 0, rows: UInt64 = 0) {
    self.job = job
    self.sink = sink
    self.epoch = epoch
    self.digest = digest
    self.rows = rows
  }

  /// The numbers of a ledger that this job and sink wrote.
  ///
  /// Nil when it is damaged or someone else's: it must be, byte by byte, what would be written.
  init?(_ bytes: [UInt8], job: String, sink: String) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let epoch = Self.value(text, "epoch").flatMap({ UInt64($0) }), let rows = Self.value(text, "rows").flatMap({ UInt64($0) }),
      let digest = Self.value(text, "digest").flatMap({ UInt64($0, radix: 16) })
    else { return nil }
    self.init(job: job, sink: sink, epoch: epoch, digest: digest, rows: rows)
    if encoded != bytes { return nil }
  }

  /// Whether the bytes are a ledger at all, of whatever job.
  static func isWhole(_ bytes: [UInt8]) -> Bool {
    let tail = Array(",\"check\":\"".utf8).count + 16 + 3
    guard bytes.count > tail else { return false }
    let body = Array(bytes.dropLast(tail))
    return body + Array(",\"check\":\"\(hex(check(body)))\"}\n".utf8) == bytes
  }

  /// The text after the last `"name":`, without quotes. The numbers stand behind job and sink, whose text could hold anything.
  private static func value(_ text: String, _ name: String) -> Substring? {
    let key = Array("\"\(name)\":".utf8)
    let bytes = Array(text.utf8)
    guard bytes.count > key.count else { return nil }
    guard let start = (0...bytes.count - key.count).last(where: { Array(bytes[$0..<$0 + key.count]) == key }) else { return nil }
    let value = bytes[(start + key.count)...].prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
    return Substring(String(decoding: value.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self))
  }

  private static func check(_ bytes: [UInt8]) -> UInt64 {
    var hasher = KeyHasher(seed: 3)
    bytes.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
    return hasher.finish().low
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
