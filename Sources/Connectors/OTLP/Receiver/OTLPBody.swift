internal import Dataflow
internal import Gzip
internal import Zstd

/// The body of an OTLP/HTTP request: decompresses it, checks it, and gives the one form that is kept, OTLP/JSON. Pure.
package struct OTLPBody: Sendable {
  /// The two encodings of the protocol. An answer has the encoding of its request.
  package enum Encoding: Sendable, Equatable {
    case protobuf
    case json

    /// The encoding that a `Content-Type` names; nil for any other.
    package init?(contentType: String?) {
      let name = (contentType ?? "").split(separator: ";").first.map { $0.lowercased().filter { $0 != " " } } ?? ""
      switch name {
      case "application/x-protobuf", "application/protobuf": self = .protobuf
      case "application/json": self = .json
      default: return nil
      }
    }

    package var contentType: String { self == .protobuf ? "application/x-protobuf" : "application/json" }
  }

  package var signal: OTLPSignal
  package var encoding: Encoding
  /// `Content-Encoding` as it was sent; nil for none.
  package var compression: String?
  /// The longest body, compressed and not.
  package var limit: Int

  package init(signal: OTLPSignal, encoding: Encoding, compression: String?, limit: Int) {
    self.signal = signal
    self.encoding = encoding
    self.compression = compression
    self.limit = limit
  }

  /// The request as OTLP/JSON. Throws `OTLPRejection`: the body as a whole is refused, nothing of it is kept.
  package func json(_ body: [UInt8]) throws(OTLPRejection) -> [UInt8] {
    let content = try decompressed(body)
    switch encoding {
    case .protobuf:
      do {
        return try content.withUnsafeBytes { try OTLPTranscoder.json($0, signal.message) }
      } catch let error as MalformedProtobuf {
        throw OTLPRejection(.badRequest, "the body is no OTLP \(signal.rawValue) request in protobuf: \(error)")
      } catch { throw OTLPRejection(.badRequest, "the body cannot be read: \(error)") }
    case .json: return try checked(content)
    }
  }

  /// Valid JSON, an object, and of this signal: what is inside is the decoder's business, record by record.
  private func checked(_ content: [UInt8]) throws(OTLPRejection) -> [UInt8] {
    // 64 readable bytes behind the text, for the scanner.
    var padded = content
    padded.append(contentsOf: repeatElement(0, count: 64))
    let fault: String? = padded.withUnsafeBufferPointer { bytes in
      let text = OTLPText()
      if let position = text.load(UnsafeBufferPointer(start: bytes.baseAddress, count: content.count)) {
        return "the body is no JSON: it goes wrong at byte \(position)"
      }
      guard var index = text.object(text.root) else { return "the body is JSON, but no object" }
      while let member = text.next(&index) {
        if !member.is(signal.member.0, signal.member.1) {
          return "the body is no OTLP \(signal.rawValue) request: it has members other than \(signal.member.0)"
        }
        index = text.end(of: member.value)
      }
      return nil
    }
    if let fault { throw OTLPRejection(.badRequest, fault) }
    return content
  }

  private func decompressed(_ body: [UInt8]) throws(OTLPRejection) -> [UInt8] {
    guard body.count <= limit else { throw tooLarge }
    do {
      switch (compression ?? "identity").lowercased() {
      case "identity", "": return body
      case "gzip":
        var stream = try GunzipStream()
        let content = try expand(body) { try stream.decompress($0, into: $1) }
        try stream.finish()
        return content
      case "zstd":
        var stream = try ZstdStreamDecompressor()
        let content = try expand(body) { try stream.decompress($0, into: $1) }
        try stream.finish()
        return content
      default: throw OTLPRejection(.unsupported, "Content-Encoding \"\(compression ?? "")\" is not known: send gzip, zstd or none")
      }
    } catch let error as OTLPRejection { throw error } catch {
      throw OTLPRejection(.badRequest, "the body cannot be decompressed: \(error)")
    }
  }

  /// Feeds the whole body through a decompressor, and gives up at the limit: a small body may hold gigabytes of nothing.
  private func expand(
    _ body: [UInt8], _ step: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws -> (consumed: Int, produced: Int)
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
      guard content.count <= limit else { throw tooLarge }
      if produced == 0, consumed == 0 || done == body.count { return content }
    }
  }

  private var tooLarge: OTLPRejection { OTLPRejection(.tooLarge, "the body is longer than \(limit) bytes: send smaller batches") }
}
