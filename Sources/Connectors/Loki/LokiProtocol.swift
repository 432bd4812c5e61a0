#if Snappy
internal import Snappy
#endif

/// The push protocol of Grafana Loki: `POST /loki/api/v1/push`, in JSON or in protobuf with snappy. Taken is taken whole: 204, or 400 and nothing.
package struct LokiProtocol: PushProtocol {
  package init() {}

  package var name: String { "pushes of Loki" }
  package var paths: [String] { ["/loki/api/v1/push"] }

  package func take(_ request: PushRequest) throws(PushRejection) -> PushAcceptance {
    let kept: [UInt8]?
    switch request.mediaType {
    case "application/json": kept = try LokiJSON.kept(try request.content())
    // Agents that say nothing send protobuf.
    case "application/x-protobuf", "": kept = try LokiProtobuf.kept(try block(request))
    default:
      throw PushRejection(
        .unsupported, "Content-Type \"\(request.contentType ?? "")\" is not known: send application/json or application/x-protobuf")
    }
    return PushAcceptance(kept: kept, answer: HTTPAnswer(204))
  }

  package func answer(_ rejection: PushRejection, contentType: String?) -> HTTPAnswer {
    .text(rejection.kind.rawValue, rejection.description)
  }

  /// Protobuf is always a block of snappy, whether a header says so or not.
  private func block(_ request: PushRequest) throws(PushRejection) -> [UInt8] {
    guard ["", "snappy"].contains((request.compression ?? "").lowercased()) else {
      throw PushRejection(.unsupported, "Content-Encoding \"\(request.compression ?? "")\" is not known: protobuf is sent with snappy")
    }
    guard request.body.count <= request.limits.bytes else { throw request.limits.rejection }
    #if Snappy
    do {
      let content = try SnappyBlock.decompress(request.body, limit: request.limits.bytes)
      if let rejection = request.limits.check(expanded: content.count, from: request.body.count) { throw rejection }
      return content
    } catch let error as PushRejection { throw error } catch let error as SnappyError {
      throw error.code == .tooLarge
        ? request.limits.rejection : PushRejection(.badRequest, "the body is no block of snappy: \(error.message)")
    } catch { throw PushRejection(.badRequest, "the body is no block of snappy: \(error)") }
    #else
    throw PushRejection(.unsupported, "this build has no snappy: send application/json")
    #endif
  }
}
