/// Collects what an operator hands over at a barrier. Sections are named; names are unique within the operator.
public struct SnapshotBuilder {
  package var sections: [(name: String, content: SectionContent)] = []

  package enum SectionContent {
    case bytes([UInt8])
    case lazy(any LazySection)
  }

  public init() {}

  /// A small section, encoded right away.
  public mutating func add(_ name: String, _ bytes: [UInt8]) {
    sections.append((name, .bytes(bytes)))
  }

  /// A section that is encoded later on a background thread (a copy-on-write table, a log).
  package mutating func add(_ name: String, _ section: any LazySection) {
    sections.append((name, .lazy(section)))
  }
}

/// State that is captured now and encoded later.
package protocol LazySection: AnyObject, Sendable {
}

/// What an operator gets back at a restart: the sections of all subtasks that may hold keys of its range, in subtask order.
public struct StateReader {
  package var subtasks: [[String: [UInt8]]]
  /// The key groups that this subtask owns; filter restored rows by it.
  public let keyGroups: Range<Int>

  public init(subtasks: [[String: [UInt8]]] = [], keyGroups: Range<Int> = 0..<KeyGroup.count) {
    self.subtasks = subtasks
    self.keyGroups = keyGroups
  }

  /// The section of that name as every former subtask wrote it.
  public func sections(_ name: String) -> [[UInt8]] {
    subtasks.compactMap { $0[name] }
  }
}
