internal import Dataflow

/// What a topic sink stages between two checkpoints: a signature, then `TopicRecord`s one after the other. Partitions are chosen when it is applied,
/// unless the signature says that each record's key is the number of its partition.
package enum TopicStage {
  package static let signature: [UInt8] = Array("SLT1".utf8)
  /// Of a stage whose writer chose the partitions: keys are their numbers, four bytes.
  package static let placedSignature: [UInt8] = Array("SLP1".utf8)

  /// Calls the body with each record of the chunks, its bytes from the size on. Returns their number, or nil for bytes that are no stage.
  package static func forEach(
    _ chunks: [[UInt8]], _ body: (_ record: TopicRecord, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) rethrows -> Int? {
    var count = 0
    for chunk in chunks where !chunk.isEmpty {
      let isPlaced = chunk.starts(with: placedSignature)
      guard isPlaced || chunk.starts(with: signature) else { return nil }
      let isWhole = try chunk.withUnsafeBytes { bytes in
        var cursor = signature.count
        while cursor < bytes.count {
          let start = cursor
          guard var record = TopicRecord(bytes, &cursor) else { return false }
          if isPlaced {
            guard record.key.count == 4, let key = record.key.base else { return false }
            record.partition = Int(UInt32(littleEndian: UnsafeRawPointer(key).loadUnaligned(as: UInt32.self)))
          }
          try body(record, UnsafeRawBufferPointer(rebasing: bytes[start..<cursor]))
          count += 1
        }
        return true
      }
      guard isWhole else { return nil }
    }
    return count
  }
}
