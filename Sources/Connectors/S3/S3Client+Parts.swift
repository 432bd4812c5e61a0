internal import Dispatch
internal import HTTP
internal import Synchronization

extension S3Client {
  /// Sends an object in parts, as many at a time as there are cores. It appears when all are there; after a failure nothing of it stays.
  func putParts(_ bucket: String, _ key: String, _ bytes: [UInt8]) throws(S3Error) {
    let begin = S3Request(operation: "put", method: "POST", bucket: bucket, key: key, query: [("uploads", "")])
    guard let id = S3XML.elements(try send(begin).body).first(where: { $0.name == "UploadId" })?.text, !id.isEmpty else {
      throw S3Error(begin.description, status: 200, "the answer has no upload id")
    }
    do throws(S3Error) {
      let tags = try sendParts(bucket, key, bytes, id)
      try complete(bucket, key, bytes.count, id, tags)
    } catch {
      // Parts that stay are paid for, and nothing lists them.
      let abort = S3Request(
        operation: "give up", method: "DELETE", bucket: bucket, key: key, query: [("uploadId", id)], accepted: [200, 204, 404])
      _ = try? send(abort)
      throw error
    }
  }

  private func sendParts(_ bucket: String, _ key: String, _ bytes: [UInt8], _ id: String) throws(S3Error) -> [String] {
    let size = options.partBytes
    let count = (bytes.count + size - 1) / size
    let results = Mutex([Result<String, S3Error>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      // After a failure the rest is not worth its way.
      if results.withLock({ $0.contains { if case .failure? = $0 { true } else { false } } }) { return }
      let part = bytes[(index * size)..<min(bytes.count, (index + 1) * size)]
      let request = S3Request(
        operation: "put", method: "PUT", bucket: bucket, key: key, query: [("partNumber", "\(index + 1)"), ("uploadId", id)], body: part)
      let result = Result { () throws(S3Error) -> String in
        guard let tag = try send(request)["etag"] else { throw S3Error(request.description, status: 200, "the answer has no ETag") }
        return tag
      }
      results.withLock { $0[index] = result }
    }
    var tags: [String] = []
    for case let result? in results.withLock({ $0 }) { tags.append(try result.get()) }
    return tags
  }

  private func complete(_ bucket: String, _ key: String, _ count: Int, _ id: String, _ tags: [String]) throws(S3Error) {
    var list = "<CompleteMultipartUpload>"
    for (index, tag) in tags.enumerated() {
      let text = tag.map { $0 == "\"" ? "&quot;" : $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : String($0) }.joined()
      list += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(text)</ETag></Part>"
    }
    list += "</CompleteMultipartUpload>"
    let request = S3Request(
      operation: "put", method: "POST", bucket: bucket, key: key, query: [("uploadId", id)], headers: [("Content-Type", "application/xml")],
      body: Array(list.utf8)[...], accepted: [200, 404])
    let response = try send(request)
    // The status was sent before the server knew: what counts stands in the body.
    let elements = S3XML.elements(response.body)
    if response.status == 200, elements.contains(where: { $0.name == "ETag" }) { return }
    // An earlier try may have done it, and its answer was lost.
    if try size(bucket, key) == count { return }
    if response.status == 404 { throw S3Error(request.description, response) }
    throw S3Error(
      request.description, status: 200, elements.first { $0.name == "Message" }?.text ?? "the parts were not put together")
  }
}
