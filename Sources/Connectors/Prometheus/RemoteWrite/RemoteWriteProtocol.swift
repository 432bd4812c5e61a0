internal import Dataflow

#if Snappy
internal import Snappy
#endif

/// Prometheus remote write, 1.0 and 2.0: `POST /api/v1/write`, protobuf in one snappy block.
///
/// What is kept is the protobuf behind one byte with the version; a body that is broken anywhere is refused as a whole. Series whose labels name none
/// are kept and become errors of the source; a sender of 2.0 is told by the counts in the answer, and by 400 when not all could be used.
package struct RemoteWriteProtocol: PushProtocol {
  package init() {}

  package var name: String { "Prometheus remote write" }
  package var paths: [String] { ["/api/v1/write"] }

  package func take(_ request: PushRequest) throws(PushRejection) -> PushAcceptance {
    let version = try Self.version(request)
    guard (request.compression ?? "").lowercased() == "snappy" else {
      throw PushRejection(.unsupported, "Content-Encoding \"\(request.compression ?? "")\" is not known: remote write is sent with snappy")
    }
    let kept = [version.rawValue] + (try Self.content(request))
    var written = Counts()
    do {
      written = try Self.count(kept, version)
    } catch { throw PushRejection(.badRequest, "the body is no remote-write request: \(error)") }
    return PushAcceptance(kept: written.isEmpty ? nil : kept, answer: Self.answer(version, written))
  }

  /// One a series, of its labels.
  package func streams(_ kept: [UInt8]) -> [UInt64] {
    guard let version = kept.first.flatMap(RemoteWriteRequest.Version.init) else { return [] }
    var hashes: [UInt64] = []
    kept.withUnsafeBytes { bytes in
      var place = RemoteWriteSeries()
      // What is kept was read before: it does not break off here.
      try? RemoteWriteRequest(UnsafeRawBufferPointer(rebasing: bytes[1...]), version).walk(&place) { series, _ in
        hashes.append(series.labelsHash)
      }
    }
    return hashes
  }

  private static func content(_ request: PushRequest) throws(PushRejection) -> [UInt8] {
    #if Snappy
    // Snappy expands 22 times at most, so that the limit of the body is the only one that is needed.
    do { return try SnappyBlock.decompress(request.body, limit: request.limits.bytes) } catch {
      throw PushRejection(error.code == .tooLarge ? .tooLarge : .badRequest, "\(error)")
    }
    #else
    throw PushRejection(.unsupported, "this program was built without snappy")
    #endif
  }

  package func answer(_ rejection: PushRejection, contentType: String?) -> HTTPAnswer {
    var answer = HTTPAnswer.text(rejection.kind.rawValue, rejection.description)
    if (try? Self.version(of: contentType)) == .two {
      for kind in ["Samples", "Histograms", "Exemplars"] { answer.headers["X-Prometheus-Remote-Write-\(kind)-Written"] = "0" }
    }
    return answer
  }

  // MARK: Headers

  private static func version(_ request: PushRequest) throws(PushRejection) -> RemoteWriteRequest.Version {
    let version = try version(of: request.contentType)
    // Senders of 1.0 say 0.1.0 or 1.0 here, those of 2.0 say 2.0.0; the content type decides.
    if let said = request.header("x-prometheus-remote-write-version"), said.hasPrefix("2.") != (version == .two) {
      throw PushRejection(.badRequest, "the version \(said) and the content type \"\(request.contentType ?? "")\" contradict each other")
    }
    return version
  }

  /// `application/x-protobuf`, with the message in the parameter `proto` or without.
  private static func version(of contentType: String?) throws(PushRejection) -> RemoteWriteRequest.Version {
    let parts = (contentType ?? "").lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\"" } }
    guard parts.first == "application/x-protobuf" else {
      throw PushRejection(.unsupported, "Content-Type \"\(contentType ?? "")\" is not known: send application/x-protobuf")
    }
    switch parts.dropFirst().first(where: { $0.hasPrefix("proto=") })?.dropFirst(6) {
    case nil, "prometheus.writerequest": return .one
    case "io.prometheus.write.v2.request": return .two
    case .some(let other): throw PushRejection(.unsupported, "the message \(other) is not known")
    }
  }

  // MARK: The answer

  /// What a request holds that can be used, and whether there is something that cannot.
  private struct Counts {
    var samples = 0
    var histograms = 0
    var exemplars = 0
    var families = 0
    var refused = 0
    var isEmpty: Bool { samples + histograms + exemplars + families + refused == 0 }
  }

  /// Reads all of a request. Throws `MalformedProtobuf`.
  private static func count(_ kept: [UInt8], _ version: RemoteWriteRequest.Version) throws -> Counts {
    try kept.withUnsafeBytes { bytes in
      var counts = Counts()
      var place = RemoteWriteSeries()
      let request = try RemoteWriteRequest(UnsafeRawBufferPointer(rebasing: bytes[1...]), version)
      try request.walk(&place) { series, _ in
        if series.fault() != nil {
          counts.refused += 1
        } else {
          counts.samples += series.samples.count
          counts.histograms += series.histograms.count
          counts.exemplars += series.exemplars.count
        }
      } metadata: { _ in
        counts.families += 1
      }
      return counts
    }
  }

  private static func answer(_ version: RemoteWriteRequest.Version, _ counts: Counts) -> HTTPAnswer {
    guard version == .two else { return HTTPAnswer(204) }
    var answer = counts.refused == 0 ? HTTPAnswer(204) : HTTPAnswer.text(400, "the labels of \(counts.refused) series name no series")
    answer.headers["X-Prometheus-Remote-Write-Samples-Written"] = "\(counts.samples)"
    answer.headers["X-Prometheus-Remote-Write-Histograms-Written"] = "\(counts.histograms)"
    answer.headers["X-Prometheus-Remote-Write-Exemplars-Written"] = "\(counts.exemplars)"
    return answer
  }
}
