import Foundation
import Search

/// What the reference implementations said (make_fixtures.py), and the model's vocabulary where `scripts/model.sh` has been.
enum Fixture {
  struct Tokens: Decodable {
    var text: String
    var ids: [Int32]
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  static func lines<Row: Decodable>(_ name: String, of type: Row.Type) throws -> [Row] {
    let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
  }

  static var vocabularyPath: String {
    let given = ProcessInfo.processInfo.environment["SLOSCOUT_MODEL"]
    let model = given.map { URL(filePath: $0) } ?? folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: ".model")
    return model.appending(path: "vocab.txt").path
  }

  static var hasVocabulary: Bool { FileManager.default.isReadableFile(atPath: vocabularyPath) }

  static func tokenizer() throws -> WordPiece? {
    WordPiece(vocabulary: Array(try Data(contentsOf: URL(filePath: vocabularyPath))))
  }
}
