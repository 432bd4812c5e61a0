internal import Glibc
package import Search

/// A folder with everything that embedding in this process needs, as `scripts/model.sh` makes it.
///
/// ```
/// .model/model.onnx          the network: input_ids, attention_mask, token_type_ids -> last_hidden_state
/// .model/vocab.txt           the pieces of words it knows
/// .model/lib/libopenvino_c.so, and the libraries that it loads
/// ```
package struct ModelFolder: Sendable {
  /// The folder.
  package let path: String

  /// A folder, which need not exist.
  package init(_ path: String) { self.path = path }

  /// Where the program looks unless it is told otherwise: `SLOSCOUT_MODEL`, or `.model` in the current folder.
  package static var usual: ModelFolder { ModelFolder(getenv("SLOSCOUT_MODEL").map { String(cString: $0) } ?? ".model") }

  /// The name that vectors of this model are kept under.
  package static let modelName = "all-MiniLM-L6-v2"
  /// Numbers a vector.
  package static let dimensions = 384

  var network: String { "\(path)/model.onnx" }
  var vocabulary: String { "\(path)/vocab.txt" }
  var library: String { "\(path)/lib/libopenvino_c.so" }

  /// What of it is not there, or cannot be read.
  package var missing: [String] { [network, vocabulary, library].filter { access($0, R_OK) != 0 } }

  /// What a person can do when something is missing.
  package static let cure = "scripts/model.sh gets the model (110 MB); or set SLOSCOUT_MODEL to the folder that holds it"

  /// The tokenizer of its vocabulary.
  ///
  /// - Throws: `EmbeddingError` when the file is missing or is none.
  package func tokenizer() throws(EmbeddingError) -> WordPiece {
    let text: [UInt8]
    do { text = try PosixFile.contents(vocabulary) } catch {
      throw EmbeddingError(.unusable, "could not read \(vocabulary)", hint: Self.cure)
    }
    guard let tokenizer = WordPiece(vocabulary: text) else {
      throw EmbeddingError(.unusable, "\(vocabulary) is no vocabulary: it has no [CLS], [SEP] or [UNK]", hint: Self.cure)
    }
    return tokenizer
  }
}
