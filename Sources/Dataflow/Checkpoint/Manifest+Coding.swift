extension Manifest {
  /// Magic, format version, fields, and a checksum over all of it.
  package func encode() -> [UInt8] {
    var bytes = Self.magic
    bytes.append(integer: Self.formatVersion)
    bytes.append(counted: job)
    bytes.append(integer: epoch)
    bytes.append(integer: createdAt)
    bytes.append(integer: UInt32(parallelism))
    bytes.append(counted: hashID)
    bytes.append((isFinal ? 1 : 0) | (isDrained ? 2 : 0) | (isFirstOfCut ? 4 : 0))
    var files = FileTable()
    var body: [UInt8] = []
    body.append(integer: UInt32(operators.count))
    for state in operators {
      body.append(counted: state.id)
      body.append(integer: UInt32(state.subtasks.count))
      for sections in state.subtasks {
        body.append(integer: UInt32(sections.count))
        for section in sections {
          body.append(counted: section.name)
          body.append(integer: UInt32(section.parts.count))
          for part in section.parts { part.encode(into: &body, &files) }
        }
      }
    }
    body.append(integer: UInt32(stages.count))
    for stage in stages {
      body.append(counted: stage.sink)
      body.append(integer: UInt64(stage.rows))
      body.append(integer: stage.digest)
      body.append(integer: UInt32(stage.chunks.count))
      for part in stage.chunks { part.encode(into: &body, &files) }
    }
    body.append(integer: UInt32(counters.count))
    for counted in counters {
      body.append(counted: counted.id)
      for value in counted.counters.values { body.append(integer: UInt64(value)) }
    }
    bytes.append(integer: UInt32(files.names.count))
    for name in files.names { bytes.append(counted: name) }
    bytes.append(contentsOf: body)
    bytes.append(integer: bytes.withUnsafeBytes(checksum))
    return bytes
  }

  /// Reads a manifest back. Throws `CheckpointDamage` when a byte is not what was written.
  package init(decoding bytes: [UInt8], name: String) throws {
    guard bytes.count >= Self.magic.count + 12, Array(bytes.prefix(Self.magic.count)) == Self.magic else {
      throw CheckpointDamage(file: name, "this is not a manifest, or its beginning is damaged")
    }
    let sum = bytes.withUnsafeBytes { checksum(UnsafeRawBufferPointer(rebasing: $0.dropLast(8))) }
    let stored = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)) }
    guard sum == stored else { throw CheckpointDamage(file: name, "the checksum does not fit the contents") }
    do {
      self = try bytes.withUnsafeBytes { try Self(reading: UnsafeRawBufferPointer(rebasing: $0.dropFirst(Self.magic.count).dropLast(8))) }
    } catch let error as StateFormatError {
      throw CheckpointDamage(file: name, error.message)
    }
  }

  private init(reading bytes: UnsafeRawBufferPointer) throws {
    var reader = ByteReader(bytes)
    let version = try reader.integer(UInt32.self)
    guard version <= Self.formatVersion else {
      throw StateFormatError("format \(version) is newer than this program, which reads format \(Self.formatVersion)")
    }
    guard version == Self.formatVersion else {
      throw StateFormatError("format \(version) is older than this program, which reads format \(Self.formatVersion)")
    }
    job = try reader.text()
    epoch = try reader.integer()
    createdAt = try reader.integer()
    parallelism = Int(try reader.integer(UInt32.self))
    hashID = try reader.text()
    let flags = try reader.integer(UInt8.self)
    (isFinal, isDrained, isFirstOfCut) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
    let files = try Self.list(&reader) { try $0.text() }
    operators = try Self.list(&reader) { reader in
      OperatorState(
        id: try reader.text(),
        subtasks: try Self.list(&reader) { reader in
          try Self.list(&reader) { reader in
            Section(name: try reader.text(), parts: try Self.list(&reader) { try Part(reading: &$0, files) })
          }
        })
    }
    stages = try Self.list(&reader) { reader in
      Stage(
        sink: try reader.text(), rows: Int(try reader.integer(UInt64.self)), digest: try reader.integer(),
        chunks: try Self.list(&reader) { try Part(reading: &$0, files) })
    }
    counters = try Self.list(&reader) { reader in
      Counted(id: try reader.text(), counters: OperatorCounters(values: try (0..<8).map { _ in Int(try reader.integer(UInt64.self)) }))
    }
  }

  /// Reads a count and that many values; a count that cannot fit into what is left is refused before anything is allocated.
  private static func list<T>(_ reader: inout ByteReader, _ read: (inout ByteReader) throws -> T) throws -> [T] {
    let count = Int(try reader.integer(UInt32.self))
    guard count <= reader.remaining else { throw StateFormatError("a list of \(count) in \(reader.remaining) bytes") }
    return try (0..<count).map { _ in try read(&reader) }
  }
}

private struct FileTable {
  var names: [String] = []
  private var indices: [String: UInt32] = [:]

  mutating func index(_ name: String) -> UInt32 {
    if let known = indices[name] { return known }
    let index = UInt32(names.count)
    names.append(name)
    indices[name] = index
    return index
  }
}

extension Manifest.Part {
  fileprivate func encode(into bytes: inout [UInt8], _ files: inout FileTable) {
    bytes.append(integer: UInt64(rawBytes))
    bytes.append(integer: UInt32(frames.count))
    for frame in frames {
      bytes.append(integer: files.index(frame.file))
      bytes.append(integer: UInt64(frame.offset))
      bytes.append(integer: UInt32(frame.count))
      bytes.append(integer: UInt32(frame.rawCount))
      bytes.append(integer: frame.checksum)
    }
  }

  fileprivate init(reading reader: inout ByteReader, _ files: [String]) throws {
    rawBytes = Int(try reader.integer(UInt64.self))
    let count = Int(try reader.integer(UInt32.self))
    guard count <= reader.remaining else { throw StateFormatError("a part of \(count) frames in \(reader.remaining) bytes") }
    frames = []
    for _ in 0..<count {
      let file = Int(try reader.integer(UInt32.self))
      guard file < files.count else { throw StateFormatError("data file \(file) of \(files.count)") }
      frames.append(
        Manifest.Frame(
          file: files[file], offset: Int(try reader.integer(UInt64.self)), count: Int(try reader.integer(UInt32.self)),
          rawCount: Int(try reader.integer(UInt32.self)), checksum: try reader.integer()))
    }
  }
}

extension OperatorCounters {
  var values: [Int] { [received, emitted, absorbed, filtered, duplicates, late, errors, results] }

  init(values: [Int]) {
    self.init()
    received = values[0]
    emitted = values[1]
    absorbed = values[2]
    filtered = values[3]
    duplicates = values[4]
    late = values[5]
    errors = values[6]
    results = values[7]
  }

  /// The books of several nodes in a row as those of one: what came in at the front, what left at the end, what each of them kept back.
  ///
  /// - Parameters:
  ///   - main: the node whose `received` counts records.
  ///   - before: the nodes in front of it, which may count something else (lines).
  package static func folded(_ main: OperatorCounters, before: [OperatorCounters], last: OperatorCounters, parts: [OperatorCounters])
    -> OperatorCounters
  {
    var sum = parts.reduce(OperatorCounters(), +)
    sum.received = main.received + before.reduce(0) { $0 + $1.filtered + $1.duplicates + $1.late + $1.errors }
    sum.emitted = last.emitted
    return sum
  }

  /// The sum, field by field.
  public static func + (a: OperatorCounters, b: OperatorCounters) -> OperatorCounters {
    OperatorCounters(values: zip(a.values, b.values).map { $0 + $1 })
  }
}

/// Stored bytes that are not what was written.
public struct CheckpointDamage: Error, CustomStringConvertible {
  /// The file.
  public let file: String
  /// What is wrong with it.
  public let what: String

  /// A damage.
  public init(file: String, _ what: String) {
    self.file = file
    self.what = what
  }

  /// A sentence for people.
  public var description: String { "checkpoint file \(file) is damaged: \(what)" }
}
