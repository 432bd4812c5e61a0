internal import Dataflow

/// The two encodings of the protocol. An answer has the encoding of its request.
package enum OTLPEncoding: Sendable, Equatable {
  case protobuf
  case json

  /// The encoding that a `Content-Type` names; nil for any other.
  package init?(contentType: String?) {
    switch PushRequest.mediaType(contentType) {
    case "application/x-protobuf", "application/protobuf": self = .protobuf
    case "application/json": self = .json
    default: return nil
    }
  }

  package var contentType: String { self == .protobuf ? "application/x-protobuf" : "application/json" }
}

/// The content of an OTLP/HTTP request: checks it, and gives the one form that is kept, OTLP/JSON. Pure.
package struct OTLPBody: Sendable {
  package var signal: OTLPSignal
  package var encoding: OTLPEncoding

  package init(signal: OTLPSignal, encoding: OTLPEncoding) {
    self.signal = signal
    self.encoding = encoding
  }

  /// The request as OTLP/JSON. Throws `PushRejection`: the body as a whole is refused, nothing of it is kept.
  package func json(_ content: [UInt8]) throws(PushRejection) -> [UInt8] {
    switch encoding {
    case .protobuf:
      do {
        return try content.withUnsafeBytes { try OTLPTranscoder.json($0, signal.message) }
      } catch let error as MalformedProtobuf {
        throw PushRejection(.badRequest, "the body is no OTLP \(signal.rawValue) request in protobuf: \(error)")
      } catch { throw PushRejection(.badRequest, "the body cannot be read: \(error)") }
    case .json: return try checked(content)
    }
  }

  /// Valid JSON, an object, and of this signal: what is inside is the decoder's business, record by record.
  private func checked(_ content: [UInt8]) throws(PushRejection) -> [UInt8] {
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
    if let fault { throw PushRejection(.badRequest, fault) }
    return content
  }
}
