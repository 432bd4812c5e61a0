/// Collects what an operator hands over at a barrier. Sections are named; names are unique within the operator.
public struct SnapshotBuilder {
  package var sections: [(name: String, content: SectionContent)] = []

  package enum SectionContent: Sendable {
    case bytes([UInt8])
    case lazy(any LazySection)
  }

  /// Nothing captured yet.
  public init() {}

  /// A small section, encoded right away and written whole every time.
  public mutating func add(_ name: String, _ bytes: [UInt8]) {
    sections.append((name, .bytes(bytes)))
  }

  /// A table: packed later, on another thread, and only what changed since the last complete checkpoint.
  public mutating func add(_ name: String, _ table: StateTable) {
    sections.append((name, .lazy(table.snapshot())))
  }

  /// A log: packed later, and only its tail.
  public mutating func add(_ name: String, _ log: ColdLog) {
    sections.append((name, .lazy(log.snapshot())))
  }

  /// A value that the closure has captured: encoded later, on another thread, and written whole every time.
  public mutating func add(_ name: String, later encode: @escaping @Sendable () -> [UInt8]) {
    sections.append((name, .lazy(DeferredSection(encode))))
  }
}

/// State that is captured at the barrier and encoded later.
package protocol LazySection: AnyObject, Sendable {
  /// Nothing of it is in a complete checkpoint: the part to come stands alone.
  var isFull: Bool { get }
  /// Emits the bytes that are new since the last complete checkpoint, or all of them. Called once, on a background thread.
  func encode(full: Bool, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws
  /// The checkpoint is complete: what was encoded need not be written again.
  func completed()
  /// The checkpoint was given up before `encode`.
  func abandon()
}

/// A section that is encoded whole, but not at the barrier.
private final class DeferredSection: LazySection {
  private let encoded: @Sendable () -> [UInt8]

  init(_ encoded: @escaping @Sendable () -> [UInt8]) { self.encoded = encoded }

  var isFull: Bool { true }

  func encode(full: Bool, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
    try encoded().withUnsafeBytes { try emit($0) }
  }

  func completed() {}
  func abandon() {}
}

/// What an operator gets back at a restart: the sections of all former subtasks, in subtask order.
public struct StateReader: Sendable {
  /// Per former subtask: section name to its parts, oldest first. A small section has one part.
  package var subtasks: [[String: [[UInt8]]]]
  /// The key groups that this subtask owns; filter restored rows by it.
  public let keyGroups: Range<Int>
  /// This subtask is the only one that takes over what is not keyed.
  public let isFirst: Bool

  /// State as a checkpoint holds it, for an operator that owns these key groups.
  public init(subtasks: [[String: [[UInt8]]]], keyGroups: Range<Int> = 0..<KeyGroup.count, isFirst: Bool = true) {
    self.subtasks = subtasks
    self.keyGroups = keyGroups
    self.isFirst = isFirst
  }

  /// State of small sections only, for tests of an operator.
  public init(subtasks: [[String: [UInt8]]], keyGroups: Range<Int> = 0..<KeyGroup.count, isFirst: Bool = true) {
    self.init(subtasks: subtasks.map { $0.mapValues { [$0] } }, keyGroups: keyGroups, isFirst: isFirst)
  }

  /// How many subtasks wrote the state.
  public var writers: Int { subtasks.count }

  /// The small section of that name, as a former subtask wrote it.
  public func section(_ name: String, of writer: Int) -> [UInt8]? {
    subtasks[writer][name]?.last
  }

  /// The small section of that name as every former subtask wrote it.
  public func sections(_ name: String) -> [[UInt8]] {
    (0..<writers).compactMap { section(name, of: $0) }
  }

  /// Calls the body for every current row of a table section whose key this subtask owns.
  ///
  /// - Throws: `StateFormatError` when the bytes are not a table with this payload.
  public func forEachRow(_ name: String, of writer: Int, payload: Int, _ body: (UnsafeRawPointer) throws -> Void) throws {
    try forEachUnfilteredRow(name, of: writer, payload: payload) { row in
      if keyGroups.contains(row.loadUnaligned(as: KeyHash.self).group) { try body(row) }
    }
  }

  /// The same for every row, whoever owns it: for tables whose row key is not the record's key. The caller filters.
  public func forEachUnfilteredRow(_ name: String, of writer: Int, payload: Int, _ body: (UnsafeRawPointer) throws -> Void) throws {
    guard let parts = subtasks[writer][name] else { return }
    try TableRestore.forEachRow(parts, stride: 16 + (payload + 7) / 8 * 8, body)
  }

  /// Appends a saved log to `log`; returns what must be added to offsets into it, or nil if there is none.
  public func appendLog(_ name: String, of writer: Int, to log: ColdLog) -> Int? {
    subtasks[writer][name].map { log.append(log: $0) }
  }
}
