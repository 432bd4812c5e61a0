internal import Gzip
internal import Zstd

/// The request of a sender, read but not understood.
package struct PushRequest: Sendable {
  package var path: String
  /// `Content-Type` as it was sent.
  package var contentType: String?
  /// `Content-Encoding` as it was sent; nil for none.
  package var compression: String?
  /// Any other header, by its name in lower case.
  package var header: @Sendable (String) -> String? = { _ in nil }
  /// The body as it was sent.
  package var body: [UInt8]
  package var limits: BodyLimits

  package init(path: String, contentType: String?, compression: String? = nil, body: [UInt8], limits: BodyLimits = BodyLimits()) {
    self.path = path
    self.contentType = contentType
    self.compression = compression
    self.body = body
    self.limits = limits
  }

  /// The content type without parameters, in lower case; empty when there is none.
  package var mediaType: String { Self.mediaType(contentType) }

  /// A content type without parameters, in lower case; empty when there is none.
  package static func mediaType(_ contentType: String?) -> String {
    (contentType ?? "").split(separator: ";").first.map { $0.lowercased().filter { $0 != " " } } ?? ""
  }

  /// The body without compression (gzip, zstd or none).
  ///
  /// - Throws: `PushRejection` when it is broken, compressed otherwise, or beyond the limits. Stops at the limits, whatever is behind them.
  package func content() throws(PushRejection) -> [UInt8] {
    guard body.count <= limits.bytes else { throw limits.rejection }
    do {
      switch (compression ?? "identity").lowercased() {
      case "identity", "": return body
      case "gzip":
        var stream = try GunzipStream()
        let content = try expand { try stream.decompress($0, into: $1) }
        try stream.finish()
        return content
      case "zstd":
        var stream = try ZstdStreamDecompressor()
        let content = try expand { try stream.decompress($0, into: $1) }
        try stream.finish()
        return content
      default: throw PushRejection(.unsupported, "Content-Encoding \"\(compression ?? "")\" is not known: send gzip, zstd or none")
      }
    } catch let error as PushRejection { throw error } catch {
      throw PushRejection(.badRequest, "the body cannot be decompressed: \(error)")
    }
  }

  /// Feeds the whole body through a decompressor.
  private func expand(
    _ step: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws -> (consumed: Int, produced: Int)
  ) throws -> [UInt8] {
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    var done = 0
    while true {
      let (consumed, produced) = try body.withUnsafeBytes { bytes in
        try piece.withUnsafeMutableBytes { try step(UnsafeRawBufferPointer(rebasing: bytes[done...]), $0) }
      }
      done += consumed
      content.append(contentsOf: piece[..<produced])
      if let rejection = limits.check(expanded: content.count, from: body.count) { throw rejection }
      if produced == 0, consumed == 0 || done == body.count { return content }
    }
  }
}

/// How long bodies may be, compressed and not: a small body may hold gigabytes of nothing.
package struct BodyLimits: Sendable {
  /// Bytes of the longest body, compressed and not.
  package var bytes = 16 << 20
  /// So many times as long as it was sent a body may become. Below a mebibyte it may be longer: similar records compress well, and that is no harm.
  package var ratio = 100
  private static let harmless = 1 << 20

  package init(bytes: Int = 16 << 20) { self.bytes = bytes }

  var rejection: PushRejection { PushRejection(.tooLarge, "the body is longer than \(bytes) bytes: send smaller batches") }

  /// Why a body of `sent` bytes must not become `expanded` bytes long; nil when it may.
  package func check(expanded: Int, from sent: Int) -> PushRejection? {
    if expanded > bytes { return rejection }
    guard expanded > Self.harmless, expanded / ratio > sent else { return nil }
    return PushRejection(.tooLarge, "the body is more than \(ratio) times as long as it was sent: it is taken for a decompression bomb")
  }
}
