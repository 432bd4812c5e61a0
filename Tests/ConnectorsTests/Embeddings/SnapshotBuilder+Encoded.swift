import Dataflow

extension SnapshotBuilder {
  /// Section name to its parts, as a checkpoint would hold them.
  func encoded() throws -> [String: [[UInt8]]] {
    try sections.reduce(into: [:]) { result, section in
      var bytes: [UInt8] = []
      switch section.content {
      case .bytes(let content): bytes = content
      case .lazy(let lazy):
        try lazy.encode(full: true) { bytes.append(contentsOf: $0) }
        lazy.completed()
      }
      result[section.name] = [bytes]
    }
  }
}
