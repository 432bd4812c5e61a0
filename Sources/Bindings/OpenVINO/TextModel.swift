#if OpenVINO
internal import COpenVINO

/// A sentence model (token ids in, one vector a token out) that runs in this process, on the CPU, under OpenVINO.
///
/// The library is opened when the first model is: neither building nor starting a program needs it. One owner: calls must not overlap.
public final class TextModel {
  private let model: OpaquePointer

  /// Opens the library and compiles the model. Takes about a second and 120 MB.
  ///
  /// - Parameters:
  ///   - library: the file `libopenvino_c.so…`, which finds the others of its folder by itself.
  ///   - file: an ONNX file, or OpenVINO's own `.xml`, with the inputs `input_ids`, `attention_mask` and `token_type_ids`.
  ///   - threads: how many cores a batch may use.
  /// - Throws: `TextModelError` with the library's own words.
  public init(library: String, file: String, threads: Int) throws(TextModelError) {
    var opened: OpaquePointer?
    let words = TextModelError.words { opened = sloscout_ov_open(library, file, Int32(clamping: threads), $0, $1) }
    guard let opened else { throw TextModelError(message: words) }
    model = opened
  }

  deinit { sloscout_ov_close(model) }

  /// Runs a batch.
  ///
  /// - Parameters:
  ///   - ids: `rows` sequences of `columns` token ids, one after the other.
  ///   - mask: 1 for a token, 0 for what only fills a sequence up; of the same size.
  ///   - body: gets `rows x columns x width` numbers and `width`.
  /// - Throws: `TextModelError`.
  public func run(
    ids: [Int64], mask: [Int64], rows: Int, columns: Int, _ body: (UnsafeBufferPointer<Float>, _ width: Int) -> Void
  ) throws(TextModelError) {
    precondition(ids.count == rows * columns && mask.count == ids.count && !ids.isEmpty, "a batch of \(rows) x \(columns) tokens")
    var output: UnsafePointer<Float>?
    var width = 0
    // Inputs are only referred to while the call lasts: the next call sets all of them anew.
    let words = TextModelError.words { words, size in
      ids.withUnsafeBufferPointer { ids in
        mask.withUnsafeBufferPointer { mask in
          _ = sloscout_ov_infer(model, ids.baseAddress, mask.baseAddress, rows, columns, &output, &width, words, size)
        }
      }
    }
    guard let output else { throw TextModelError(message: words) }
    body(UnsafeBufferPointer(start: output, count: rows * columns * width), width)
  }
}

/// OpenVINO, or the model, could not do it.
public struct TextModelError: Error, CustomStringConvertible {
  /// The library's words: what it tried, and why that failed.
  public let message: String
  /// The message.
  public var description: String { message }

  /// Calls the body with room for a sentence, and answers with its first line.
  static func words(_ body: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 2048) { room in
      room.initialize(repeating: 0)
      // The capacity is not zero, so there is an address.
      body(room.baseAddress!, room.count)
      let text = String(cString: room.baseAddress!)
      let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
      return lines.prefix(3).joined(separator: " ")
    }
  }
}
#endif
