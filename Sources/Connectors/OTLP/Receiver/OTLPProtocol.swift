internal import Dataflow

/// OTLP over HTTP: `POST /v1/logs`, `/v1/traces`, `/v1/metrics`, in protobuf or JSON; and over gRPC, the services' `Export`.
package struct OTLPProtocol: PushProtocol {
  /// The signals that are accepted; others are answered with 404, as the protocol says.
  package var signals: [OTLPSignal]

  package init(signals: [OTLPSignal]) { self.signals = signals }

  package var name: String { "OTLP" }
  package var paths: [String] { signals.map(\.path) }
  package var methods: [String: String] { [String: String](uniqueKeysWithValues: signals.map { ($0.method, $0.path) }) }

  package func take(_ request: PushRequest) throws(PushRejection) -> PushAcceptance {
    guard let signal = signals.first(where: { $0.path == request.path }) else {
      throw PushRejection(.notFound, "there is nothing at \(request.path)")
    }
    guard let encoding = OTLPEncoding(contentType: request.contentType) else {
      throw PushRejection(
        .unsupported, "Content-Type \"\(request.contentType ?? "")\" is not known: send application/x-protobuf or application/json")
    }
    let kept = try OTLPBody(signal: signal, encoding: encoding).json(try request.content())
    // An empty response message, which says that all of it was accepted.
    return PushAcceptance(kept: kept, answer: HTTPAnswer(200, encoding.contentType, encoding == .json ? Array("{}".utf8) : []))
  }

  /// A `google.rpc.Status` in the encoding of the request.
  package func answer(_ rejection: PushRejection, contentType: String?) -> HTTPAnswer {
    let encoding = OTLPEncoding(contentType: contentType) ?? .json
    let text = Array(rejection.description.utf8.prefix(1024))
    var bytes: [UInt8] = []
    switch encoding {
    case .protobuf:
      bytes += [0x08, UInt8(Self.code(rejection.kind)), 0x12]
      var count = text.count
      while count >= 0x80 {
        bytes.append(UInt8(count & 0x7F) | 0x80)
        count >>= 7
      }
      bytes.append(UInt8(count))
      bytes += text
    case .json:
      bytes += Array("{\"code\":".utf8)
      TextWriter.append(Self.code(rejection.kind), to: &bytes)
      bytes += Array(",\"message\":".utf8)
      TextWriter.append(string: text, to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    return HTTPAnswer(rejection.kind.rawValue, encoding.contentType, bytes)
  }

  /// The code of `google.rpc.Code` that says about the same.
  private static func code(_ kind: PushRejection.Kind) -> Int64 {
    switch kind {
    case .badRequest, .unsupported: 3  // INVALID_ARGUMENT
    case .tooSlow: 4  // DEADLINE_EXCEEDED
    case .notFound, .wrongMethod: 12  // UNIMPLEMENTED
    case .tooLarge, .busy: 8  // RESOURCE_EXHAUSTED
    case .unavailable: 14  // UNAVAILABLE
    }
  }
}
