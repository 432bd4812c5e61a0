internal import Dataflow

/// Encodes rows into the stage: the key, the texts, the vector.
final class MilvusWriter: SinkWriter {
  private let plan: MilvusPlan
  private var stage: [UInt8] = []
  private var rows = 0

  init(_ plan: MilvusPlan) { self.plan = plan }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    var taken = 0
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      guard let wrong = append(batch, row) else {
        taken += 1
        continue
      }
      try output.fail(batch, row: row, reason: wrong.reason, detail: wrong.detail)
    }
    rows += taken
    output.absorb(taken)
  }

  /// Adds the row, or says why not.
  private func append(_ batch: RecordBatch, _ row: Int) -> (reason: ErrorReason, detail: String)? {
    if let missing = plan.keys.first(where: { batch.bytes($0)[row].isNull }) { return ("no-key", "field \"\(missing.name)\" is null") }
    if let long = plan.texts.first(where: { batch.bytes($0)[row].count > MilvusCollection.longestText }) {
      return ("too-long", "field \"\(long.name)\" has \(batch.bytes(long)[row].count) bytes, Milvus takes \(MilvusCollection.longestText)")
    }
    let vector = batch.bytes(plan.vector)[row]
    guard vector.count == plan.dimensions * 4, let base = vector.base else {
      return ("no-vector", "field \"\(plan.vector.name)\" has no vector of \(plan.dimensions) numbers")
    }
    let isFinite = (0..<plan.dimensions).allSatisfy {
      UnsafeRawPointer(base).loadUnaligned(fromByteOffset: $0 * 4, as: Float.self).isFinite
    }
    guard isFinite else { return ("no-vector", "the vector of field \"\(plan.vector.name)\" has a number that is none") }
    let texts = plan.texts.map { batch.bytes($0)[row].string }
    let id = Self.id(plan.keys.map { batch.bytes($0)[row].string })
    // A text that was no UTF-8 has become longer.
    guard id.utf8.count <= MilvusCollection.longestKey, texts.allSatisfy({ $0.utf8.count <= MilvusCollection.longestText }) else {
      return ("too-long", "the key has more than \(MilvusCollection.longestKey) bytes, or a text more than \(MilvusCollection.longestText)")
    }
    if stage.isEmpty { stage = plan.signature }
    stage.append(counted: id)
    for text in texts { stage.append(counted: text) }
    stage.append(contentsOf: vector.buffer)
    return nil
  }

  /// One text of several, different for different ones.
  static func id(_ keys: some Collection<String>) -> String {
    keys.map { $0.replacing("\\", with: "\\\\").replacing("/", with: "\\/") }.joined(separator: "/")
  }

  func takeStage() -> (bytes: [UInt8], rows: Int) {
    defer { (stage, rows) = ([], 0) }
    return (stage, rows)
  }
}
