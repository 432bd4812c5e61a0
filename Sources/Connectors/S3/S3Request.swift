internal import HTTP

/// One request to S3, before it has a host and a signature.
struct S3Request: Sendable {
  /// For messages: `get`, `put`.
  var operation: String
  var method: String
  var bucket: String
  /// Empty for the bucket itself.
  var key: String
  /// In any order; written sorted, as the signature wants it.
  var query: [(name: String, value: String)] = []
  var headers: [(name: String, value: String)] = []
  var body: ArraySlice<UInt8>?
  /// Answers that are not taken for failures.
  var accepted: Set<Int> = [200]
  var maxBodyBytes = 8 << 20

  /// `get s3://bucket/key`
  var description: String { "\(operation) s3://\(bucket)\(key.isEmpty ? "" : "/\(key)")" }

  func http(_ options: S3Options) -> HTTPClient.Request {
    var host: String
    if let endpoint = options.endpoint {
      host = endpoint
      if !options.isPathStyle {
        let scheme = endpoint.hasPrefix("https") ? "https://" : "http://"
        host = scheme + bucket + "." + endpoint.dropFirst(scheme.count)
      }
    } else {
      host = "https://" + (options.isPathStyle ? "" : "\(bucket).") + "s3.\(options.signing.region).amazonaws.com"
    }
    var url = host + (options.isPathStyle ? "/\(bucket)" : "")
    url += key.isEmpty && options.isPathStyle ? "" : "/" + Self.encoded(key, keepsSlash: true)
    if !query.isEmpty {
      // libcurl signs the query as it stands: it must be sorted, and valueless names need their `=`.
      let parts = query.map { (Self.encoded($0.name), Self.encoded($0.value)) }.sorted { $0.0 < $1.0 }
      url += "?" + parts.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }
    return HTTPClient.Request(
      method, url, headers: headers, body: body, timeout: options.timeout, stallTimeout: min(options.timeout, 10_000_000_000),
      maxBodyBytes: maxBodyBytes, signing: options.signing)
  }

  private static func encoded(_ text: String, keepsSlash: Bool = false) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
        out.append(byte)
      case UInt8(ascii: "/") where keepsSlash: out.append(byte)
      default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
