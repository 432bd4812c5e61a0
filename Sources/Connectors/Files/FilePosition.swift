internal import Dataflow

/// Which split of which file, and how far it has been read: what a checkpoint keeps of a file source.
struct FilePosition: Equatable, Sendable {
  /// The path under which the file was first seen. With the generation and the stripe it makes the split's name.
  var path: String
  /// Counts the files that this path has stood for: it goes up when the file is rotated, truncated or replaced.
  var generation: UInt32 = 0
  var stripe: Stripe = .whole

  var device: UInt64 = 0
  var inode: UInt64 = 0
  /// The beginning of the content.
  var head = Fingerprint()
  /// The content just before `cursor.offset`.
  var tail = Fingerprint()

  var cursor = LineCursor()
  /// Whether the file was at its end in mode `once`, or will not grow any more in mode `follow`.
  var isDone = false
  /// How large the file was then; tells without decompressing it whether there can be more.
  var size: Int64 = 0

  init(path: String) { self.path = path }

  /// `file:app.log`, and for later generations and for stripes `file:app.log@2` and `file:app.log#3/12`.
  var name: String {
    let base = generation == 0 ? "file:\(path)" : "file:\(path)@\(generation)"
    return stripe.count == 1 ? base : "\(base)#\(stripe.number)/\(stripe.count)"
  }

  var key: FileKey { FileKey(device: device, inode: inode) }

  /// Whether the file is still what it was when its last line was delivered, as far as its size tells.
  func isFinished(at status: FileStatus) -> Bool {
    isDone && key == status.key && size == status.size
  }

  /// For a checkpoint. About 60 bytes.
  var encoded: SplitPosition {
    var out = VarintWriter()
    out.bytes.append(Self.version)
    out.bytes.append((isDone ? 1 : 0) | (cursor.isInsideLine ? 2 : 0))
    out.append(UInt64(generation))
    out.append(UInt64(stripe.number))
    out.append(UInt64(stripe.count))
    out.append(UInt64(stripe.count == 1 ? 0 : stripe.blockSize))
    out.append(device)
    out.append(inode)
    for print in [head, tail] {
      out.append(UInt64(print.length))
      out.append(fixed: print.hash)
    }
    out.append(UInt64(cursor.block))
    out.append(UInt64(cursor.offset))
    out.append(UInt64(size))
    return SplitPosition(name: name, state: out.bytes)
  }

  private static let version: UInt8 = 1

  /// Takes apart what `encoded` made.
  ///
  /// - Throws: `SourceError` when the state is damaged or of a version that this build does not know.
  init(_ encoded: SplitPosition) throws {
    var input = VarintReader(encoded.state)
    func damaged() -> SourceError { SourceError("the stored position of \"\(encoded.name)\" is damaged") }
    guard encoded.name.hasPrefix("file:") else {
      throw SourceError(
        "the stored position of \"\(encoded.name)\" belongs to another source",
        hint: "give the job the source it had, or another name: then it starts afresh")
    }
    guard let version = input.byte() else { throw damaged() }
    guard version == Self.version else {
      throw SourceError(
        "the stored position of \"\(encoded.name)\" has version \(version), this build reads \(Self.version)",
        hint: "run the build that wrote the checkpoint, or start with a fresh state")
    }
    guard let flags = input.byte(), let generation = input.value(), let number = input.value(), let count = input.value(),
      let blockSize = input.value(), let device = input.value(), let inode = input.value(), let headLength = input.value(),
      let headHash = input.fixed(), let tailLength = input.value(), let tailHash = input.fixed(), let block = input.value(),
      let offset = input.value(), let size = input.value(), input.isAtEnd, flags <= 3, generation <= UInt32.max, (1...4096).contains(count),
      number < count,
      count == 1 || (1 << 10...1 << 30).contains(blockSize), headLength <= Fingerprint.span, tailLength <= Fingerprint.span,
      block <= 1 << 53, offset <= 1 << 62, size <= 1 << 62
    else { throw damaged() }
    path = ""
    self.generation = UInt32(generation)
    stripe = count == 1 ? .whole : Stripe(number: Int(number), count: Int(count), blockSize: Int(blockSize))
    self.device = device
    self.inode = inode
    head = Fingerprint(length: Int(headLength), hash: headHash)
    tail = Fingerprint(length: Int(tailLength), hash: tailHash)
    cursor = LineCursor(block: Int64(block), offset: Int64(offset), isInsideLine: flags & 2 != 0)
    isDone = flags & 1 != 0
    self.size = Int64(size)
    // What is not the path in the name follows from the numbers, so a path may hold any character.
    let prefix = "file:"
    let suffix = name.dropFirst(prefix.count)
    guard encoded.name.hasPrefix(prefix), encoded.name.hasSuffix(suffix) else { throw damaged() }
    path = String(encoded.name.dropFirst(prefix.count).dropLast(suffix.count))
  }
}

extension FilePosition {
  /// For mode `follow`, which reads files whole: the stripes of a file that was read to its end become one position.
  ///
  /// - Throws: `SourceError` when a striped file was not read to its end.
  static func joiningStripes(_ positions: [FilePosition]) throws -> [FilePosition] {
    var result = positions.filter { $0.stripe.count == 1 }
    let striped = Dictionary(grouping: positions.filter { $0.stripe.count > 1 }) { "\($0.generation) \($0.path)" }
    for stripes in striped.values {
      guard stripes.count == stripes[0].stripe.count, stripes.allSatisfy(\.isDone) else {
        throw SourceError(
          "\(stripes[0].path) was not read to its end in mode once and cannot be followed from there",
          hint: "let the job with mode: once end first, or start with a fresh state")
      }
      // The stripe that reached the end of the file; the others stand at the beginning of blocks that do not exist yet.
      let last = stripes.first { $0.cursor.isInsideLine } ?? stripes.min { $0.cursor.offset < $1.cursor.offset } ?? stripes[0]
      var whole = last
      whole.stripe = .whole
      whole.cursor.block = 0
      result.append(whole)
    }
    return result
  }
}

/// Where the reading of a split stands.
struct LineCursor: Equatable, Sendable {
  /// The block of the stripe that is being read.
  var block: Int64 = 0
  /// All lines of this split that begin before are delivered.
  var offset: Int64 = 0
  /// The bytes before `offset` were delivered as a line although no newline followed: what comes next is a record of its own.
  var isInsideLine = false
}

/// A share of a file: the blocks whose number leaves `number` when divided by `count`. A line belongs to the block in which it begins.
struct Stripe: Equatable, Sendable {
  var number: Int
  var count: Int
  var blockSize: Int

  /// The only share of a file that is not striped: one block without end.
  static let whole = Stripe(number: 0, count: 1, blockSize: Int.max)

  /// The offset behind a block.
  func end(ofBlock block: Int64) -> Int64 {
    count == 1 ? Int64.max : (block + 1) * Int64(blockSize)
  }
}

/// Writes unsigned numbers, seven bits a byte.
private struct VarintWriter {
  var bytes: [UInt8] = []

  mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func append(fixed value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}

/// Reads what `VarintWriter` wrote; nil where the bytes end too early or a number is too large.
private struct VarintReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  mutating func byte() -> UInt8? {
    guard at < bytes.count else { return nil }
    defer { at += 1 }
    return bytes[at]
  }

  mutating func value() -> UInt64? {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard let next = byte(), shift < 63 || next <= 1 else { return nil }
      result |= UInt64(next & 0x7f) << shift
      if next & 0x80 == 0 { return result }
    }
    return nil
  }

  mutating func fixed() -> UInt64? {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      guard let next = byte() else { return nil }
      result |= UInt64(next) << shift
    }
    return result
  }
}
