internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Written and read with names like `error_share`; members of members too.
protocol SnakeCased: Decodable {}

/// JSON answers, members sorted: equal content has equal bytes, and so equal ETags.
enum JSON {
  static func response(_ value: some Encodable, status: Int = 200) throws -> Response { response(try bytes(value), status) }

  /// The same with an ETag; 304 without a body when the caller has seen it.
  ///
  /// - Parameter revision: what changes ask for in `If-Match`; nil for what is not changed as a whole, which gets a hash of its bytes.
  static func tagged(_ value: some Encodable, _ request: Request, revision: Int? = nil) throws -> Response {
    let bytes = try bytes(value)
    let tag = revision.map { "\"\($0)\"" } ?? "\"\(Digest.hex(String(decoding: bytes, as: UTF8.self), key: "etag").prefix(32))\""
    let seen = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map { $0.replacing("W/", with: "").filter { $0 != " " } }
    var response = seen.contains(tag) ? Response(status: .notModified) : response(bytes, 200)
    response.headers[.eTag] = tag
    return response
  }

  private static func bytes(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if value is any SnakeCased { encoder.keyEncodingStrategy = .convertToSnakeCase }
    return try encoder.encode(value)
  }

  private static func response(_ bytes: Data, _ status: Int) -> Response {
    var response = Response(status: HTTPResponse.Status(code: status), body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    response.headers[.contentType] = "application/json"
    return response
  }
}

extension ServerContext {
  /// Reads a body of JSON. An empty one is an object without members. Throws `Problem` 413 or 422.
  func decode<Value: RequestBody>(_ type: Value.Type, _ request: Request) async throws -> Value {
    let data = Data(try await body(request).readableBytesView)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decode(type, from: data.isEmpty ? Data("{}".utf8) : data) } catch let error as DecodingError {
      throw Problem(422, "REQUEST_INVALID", "the body is not what is expected here", "\(error)".prefix(500).description)
    }
  }

  /// The revision of `If-Match`; nil when there is none, or any. Throws `Problem` 412 for what is no revision.
  func expectedRevision() throws -> Int? {
    guard let tag = values["If-Match"], tag != "*" else { return nil }
    // A tag stands in quotes; people who type one leave them out.
    let isQuoted = tag.count > 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"")
    guard let revision = Int(isQuoted ? String(tag.dropFirst().dropLast()) : tag) else {
      throw Problem(412, "REVISION_CONFLICT", "there is no revision \(tag)")
    }
    return revision
  }
}
