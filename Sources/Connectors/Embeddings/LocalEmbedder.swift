#if OpenVINO
internal import Dispatch
internal import OpenVINO
package import Search
internal import Synchronization

/// all-MiniLM-L6-v2 in this process: WordPiece, the network under OpenVINO, the mean over a text's tokens, length 1.
///
/// Texts of like length share a batch, so that little is computed for filling. Calls wait for one another: the model is one.
package final class LocalEmbedder: Embedder {
  package let model = ModelFolder.modelName
  package let dimensions = ModelFolder.dimensions
  package let maxTexts = 1024
  /// Texts of one run of the network, at most.
  private static let batch = 32

  private let tokenizer: WordPiece
  private let network: Mutex<TextModel>
  /// The network keeps its caller for milliseconds, which a task's thread must not be.
  private let queue = DispatchQueue(label: "sloscout.embedder")

  /// Opens the model. Blocks for about a second.
  ///
  /// - Throws: `EmbeddingError` that says what is missing and how to get it.
  package init(_ folder: ModelFolder, threads: Int = 1) throws(EmbeddingError) {
    let missing = folder.missing
    guard missing.isEmpty else {
      throw EmbeddingError(.unusable, "there is no model: \(missing.joined(separator: ", ")) cannot be read", hint: ModelFolder.cure)
    }
    tokenizer = try folder.tokenizer()
    do {
      network = Mutex(try TextModel(library: folder.library, file: folder.network, threads: threads))
    } catch {
      throw EmbeddingError(.unusable, "could not open the model in \(folder.path): \(error)", hint: ModelFolder.cure)
    }
  }

  package func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<[[Float]], EmbeddingError>, Never>) in
      queue.async { continuation.resume(returning: self.run(texts)) }
    }
    return try result.get()
  }

  /// The same, on the caller's thread, which it blocks.
  package func run(_ texts: [String]) -> Result<[[Float]], EmbeddingError> {
    let ids = texts.map(tokenizer.ids)
    let order = ids.indices.sorted { (ids[$0].count, $0) < (ids[$1].count, $1) }
    var vectors = [[Float]](repeating: [], count: texts.count)
    for start in stride(from: 0, to: order.count, by: Self.batch) {
      let rows = Array(order[start..<min(start + Self.batch, order.count)])
      do throws(EmbeddingError) {
        for (row, vector) in zip(rows, try run(rows.map { ids[$0] })) { vectors[row] = vector }
      } catch {
        return .failure(error)
      }
    }
    return .success(vectors)
  }

  private func run(_ rows: [[Int32]]) throws(EmbeddingError) -> [[Float]] {
    let columns = rows.map(\.count).max() ?? 0
    var (ids, mask) = ([Int64](repeating: 0, count: rows.count * columns), [Int64](repeating: 0, count: rows.count * columns))
    for (row, tokens) in rows.enumerated() {
      for (column, token) in tokens.enumerated() { (ids[row * columns + column], mask[row * columns + column]) = (Int64(token), 1) }
    }
    var vectors: [[Float]] = []
    var width = 0
    let failure: TextModelError? = network.withLock { network in
      do throws(TextModelError) {
        try network.run(ids: ids, mask: mask, rows: rows.count, columns: columns) { output, found in
          width = found
          if found == Self.width { vectors = Self.means(output, rows.map(\.count), columns) }
        }
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw EmbeddingError(.refused, "the model could not be run: \(failure)") }
    guard width == dimensions else {
      throw EmbeddingError(.unusable, "the model gives \(width) numbers a token, not \(dimensions)", hint: ModelFolder.cure)
    }
    let normalized = vectors.compactMap(VectorCheck.normalized)
    guard normalized.count == rows.count else { throw EmbeddingError(.refused, "the model gave a vector without a direction") }
    return normalized
  }

  private static let width = ModelFolder.dimensions

  /// Per row, the mean of its tokens' vectors.
  private static func means(_ output: UnsafeBufferPointer<Float>, _ counts: [Int], _ columns: Int) -> [[Float]] {
    counts.enumerated().map { row, count in
      var sum = [Float](repeating: 0, count: width)
      for column in 0..<count {
        let token = UnsafeBufferPointer(rebasing: output[((row * columns + column) * width)..<((row * columns + column + 1) * width)])
        for index in 0..<width { sum[index] += token[index] }
      }
      return sum.map { $0 / Float(count) }
    }
  }
}
#endif
