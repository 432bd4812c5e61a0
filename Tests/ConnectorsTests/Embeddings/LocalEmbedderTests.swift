#if OpenVINO
import Connectors
import Foundation
import Search
import Testing

@Suite("the embedder in this process", .serialized)
struct LocalEmbedderTests {
  private struct Reference: Decodable {
    var text: String
    var vector: [Int]
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static var folder: ModelFolder {
    ModelFolder(ProcessInfo.processInfo.environment["SLOSCOUT_MODEL"] ?? root.deletingLastPathComponent().appending(path: ".model").path)
  }
  private static var isThere: Bool { folder.missing.isEmpty }

  private func cosine(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  @Test("vectors are those of the network in fp32 to a cosine of 0.998", .enabled(if: isThere, "scripts/model.sh gets the model"))
  func reference() async throws {
    let text = try String(contentsOf: Self.root.appending(path: "SearchTests/vectors.jsonl"), encoding: .utf8)
    let rows = try text.split(separator: "\n").map { try JSONDecoder().decode(Reference.self, from: Data($0.utf8)) }
    let vectors = try await LocalEmbedder(Self.folder).embed(rows.map(\.text))
    #expect(rows.count == 10 && vectors.count == rows.count)
    for (row, vector) in zip(rows, vectors) {
      let wanted = try #require(VectorCheck.normalized(row.vector.map { Float($0) / 32767 }))
      #expect(cosine(vector, wanted) >= 0.998, "\(row.text)")
    }
  }

  @Test(
    "a text's vector hardly depends on what shares its batch, and all have length 1",
    .enabled(if: isThere, "scripts/model.sh gets the model"))
  func batches() async throws {
    let embedder = try LocalEmbedder(Self.folder)
    let texts = (0..<70).map { "connection \($0) refused" + String(repeating: " by the peer", count: $0 % 7) }
    let together = try await embedder.embed(texts)
    for number in [0, 33, 69] {
      // The weights have eight bits, and activations are scaled by batch.
      #expect(cosine(together[number], try await embedder.embed([texts[number]])[0]) > 0.99)
    }
    for vector in together { #expect(vector.count == 384 && abs(cosine(vector, vector) - 1) < 1e-4) }
  }

  @Test(
    "empty, huge and foreign texts have vectors, and no texts have none", .enabled(if: isThere, "scripts/model.sh gets the model"))
  func odd() async throws {
    let embedder = try LocalEmbedder(Self.folder)
    let texts = ["", String(repeating: "word ", count: 200_000), "日志连接失败", "שלום", "\u{0}", "🙂"]
    let vectors = try await embedder.embed(texts)
    #expect(vectors.count == texts.count && vectors.allSatisfy { $0.count == 384 && $0.allSatisfy(\.isFinite) })
    #expect(try await embedder.embed([]).isEmpty)
  }

  @Test("meaning is nearer than words", .enabled(if: isThere, "scripts/model.sh gets the model"))
  func meaning() async throws {
    let vectors = try await LocalEmbedder(Self.folder).embed(["disk is full", "no space left on device", "disk is green"])
    #expect(cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]))
  }

  @Test("a folder without the model says what is missing and how to get it")
  func missing() {
    let error = #expect(throws: EmbeddingError.self) { _ = try LocalEmbedder(ModelFolder("/nowhere")) }
    #expect(error?.kind == .unusable)
    #expect(error?.message.contains("/nowhere/model.onnx, /nowhere/vocab.txt, /nowhere/lib/libopenvino_c.so") == true)
    #expect(error?.hint.contains("scripts/model.sh") == true)
  }

  @Test("a library that is none, or a network that is none, is told in the library's words")
  func broken() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID())")
    defer { try? FileManager.default.removeItem(at: path) }
    try FileManager.default.createDirectory(at: path.appending(path: "lib"), withIntermediateDirectories: true)
    try Data("no model".utf8).write(to: path.appending(path: "model.onnx"))
    try Data("[CLS]\n[SEP]\n[UNK]\n".utf8).write(to: path.appending(path: "vocab.txt"))
    let library = path.appending(path: "lib/libopenvino_c.so")
    try Data("no library".utf8).write(to: library)
    #expect(
      #expect(throws: EmbeddingError.self) { _ = try LocalEmbedder(ModelFolder(path.path)) }?.message.contains("libopenvino_c.so") == true)
    guard Self.isThere else { return }
    try FileManager.default.removeItem(at: library)
    try FileManager.default.createSymbolicLink(at: library, withDestinationURL: URL(filePath: "\(Self.folder.path)/lib/libopenvino_c.so"))
    #expect(
      #expect(throws: EmbeddingError.self) { _ = try LocalEmbedder(ModelFolder(path.path)) }?.message.contains("could not read the model")
        == true)
    try Data("a\nb\n".utf8).write(to: path.appending(path: "vocab.txt"))
    #expect(
      #expect(throws: EmbeddingError.self) { _ = try LocalEmbedder(ModelFolder(path.path)) }?.message.contains("is no vocabulary") == true)
  }
}
#endif
