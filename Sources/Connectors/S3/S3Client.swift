internal import Dataflow
internal import Glibc
internal import HTTP

/// Objects in buckets. Blocking, safe to use from several threads.
///
/// A request that fails in a way that may pass is tried again with growing, random pauses. So every request may reach the server twice; each of
/// these operations has the same effect twice as once, and `create` finds out which it was.
package final class S3Client: Sendable {
  let options: S3Options
  private let http: HTTPClient
  private let pause: @Sendable (_ nanoseconds: Int64) -> Void

  /// Connects to nothing yet.
  ///
  /// - Parameter pause: waits between two tries.
  /// - Throws: `S3Error` when the HTTP client cannot be set up.
  package init(_ options: S3Options, pause: @escaping @Sendable (_ nanoseconds: Int64) -> Void = S3Client.sleep) throws(S3Error) {
    self.options = options
    self.pause = pause
    do throws(HTTPError) { http = try HTTPClient(caFile: options.caFile) } catch { throw S3Error("start a client", error) }
  }

  /// Blocks the thread.
  package static let sleep: @Sendable (Int64) -> Void = { nanoseconds in
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var left = timespec()
    while nanosleep(&time, &left) != 0 && errno == EINTR { time = left }
  }

  /// Stores an object, over one that is there. Large ones go in parts, several at a time.
  package func put(_ bucket: String, _ key: String, _ bytes: [UInt8]) throws(S3Error) {
    if bytes.count > 2 * options.partBytes { return try putParts(bucket, key, bytes) }
    _ = try send(S3Request(operation: "put", method: "PUT", bucket: bucket, key: key, body: bytes[...]))
  }

  /// Stores an object if the key is free. Returns false when it holds other bytes; true when it holds these, whoever put them there.
  ///
  /// For small objects: they are read back when the server says that the key is taken, since an answer may have been lost and the request
  /// sent twice.
  package func create(_ bucket: String, _ key: String, _ bytes: [UInt8]) throws(S3Error) -> Bool {
    let request = S3Request(
      operation: "create", method: "PUT", bucket: bucket, key: key, headers: [("If-None-Match", "*")], body: bytes[...],
      accepted: [200, 412])
    for attempt in 1...options.maxTries {
      if try send(request).status == 200 { return true }
      do throws(S3Error) { return try get(bucket, key) == bytes } catch {
        // Removed between the two requests: then the key is free again.
        guard error.isMissing else { throw error }
      }
      if attempt < options.maxTries { pause(backoff(attempt)) }
    }
    throw S3Error(request.description, status: 412, "the key is taken, and nothing is there")
  }

  /// The whole object.
  package func get(_ bucket: String, _ key: String) throws(S3Error) -> [UInt8] {
    try send(S3Request(operation: "get", method: "GET", bucket: bucket, key: key, maxBodyBytes: 1 << 30)).body
  }

  /// A range of an object: fewer bytes at its end, none beyond it.
  package func get(_ bucket: String, _ key: String, offset: Int, count: Int) throws(S3Error) -> [UInt8] {
    guard count > 0 else { return [] }
    let request = S3Request(
      operation: "get", method: "GET", bucket: bucket, key: key, headers: [("Range", "bytes=\(offset)-\(offset + count - 1)")],
      accepted: [200, 206, 416], maxBodyBytes: 1 << 30)
    let response = try send(request)
    switch response.status {
    case 206: return Array(response.body.prefix(count))
    case 416: return []
    // A server that knows no ranges sends everything.
    default: return Array(response.body.dropFirst(offset).prefix(count))
    }
  }

  /// The size of an object in bytes; nil when there is none.
  package func size(_ bucket: String, _ key: String) throws(S3Error) -> Int? {
    let response = try send(S3Request(operation: "look at", method: "HEAD", bucket: bucket, key: key, accepted: [200, 404]))
    return response.status == 404 ? nil : response["content-length"].flatMap { Int($0) } ?? 0
  }

  /// Removes an object; one that is gone already is no failure.
  package func delete(_ bucket: String, _ key: String) throws(S3Error) {
    _ = try send(S3Request(operation: "delete", method: "DELETE", bucket: bucket, key: key, accepted: [200, 204, 404]))
  }

  /// All keys that begin with a text, in the order of their bytes, with their sizes.
  package func list(_ bucket: String, prefix: String) throws(S3Error) -> [(key: String, size: Int)] {
    var found: [(String, Int)] = []
    var token: String?
    repeat {
      var request = S3Request(operation: "list", method: "GET", bucket: bucket, key: "", query: [("list-type", "2"), ("prefix", prefix)])
      if let token { request.query.append(("continuation-token", token)) }
      let elements = S3XML.elements(try send(request).body)
      guard let isTruncated = elements.first(where: { $0.name == "IsTruncated" })?.text else {
        throw S3Error(request.description, status: 200, "the answer is no listing")
      }
      var key: String?
      for element in elements {
        switch element.name {
        case "Key": key = element.text
        case "Size":
          if let name = key { found.append((name, Int(element.text) ?? 0)) }
          key = nil
        default: break
        }
      }
      token = isTruncated == "true" ? elements.first { $0.name == "NextContinuationToken" }?.text : nil
    } while token != nil
    return found
  }

  // MARK: Trying again

  /// Sends until there is an answer that the request accepts, a failure that will not pass, or no try left.
  func send(_ request: S3Request) throws(S3Error) -> HTTPClient.Response {
    var attempt = 1
    while true {
      var failure: S3Error
      var wanted: Int64 = 0
      do throws(HTTPError) {
        let response = try http.perform(request.http(options))
        if request.accepted.contains(response.status) { return response }
        failure = S3Error(request.description, response)
        wanted = min(30, response["retry-after"].flatMap { Int64($0) } ?? 0) * 1_000_000_000
      } catch {
        failure = S3Error(request.description, error)
      }
      guard failure.kind == .passing, attempt < options.maxTries else { throw failure }
      pause(max(wanted, backoff(attempt)))
      attempt += 1
    }
  }

  /// Nanoseconds after a failed try: 100 ms, doubled each time up to 5 s, of which a random half.
  private func backoff(_ attempt: Int) -> Int64 {
    let most: Int64 = min(5_000_000_000, 100_000_000 << Int64(min(attempt - 1, 10)))
    return Int64.random(in: most / 2...most)
  }
}
