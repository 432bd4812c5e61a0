/// A part of a bucket: `s3://bucket/prefix`.
public struct S3Location: Sendable, Hashable, CustomStringConvertible {
  /// The bucket's name.
  public let bucket: String
  /// What the keys begin with, without slashes around it; empty for the whole bucket.
  public let prefix: String

  /// - Returns: nil when the text is no such URL: a bucket of 3 to 63 characters a-z, 0-9, `-` and `.`, then folders that have names.
  public init?(_ url: String) {
    guard url.hasPrefix("s3://") else { return nil }
    let path = url.dropFirst(5)
    let bucket = path.prefix { $0 != "/" }
    let rest = path.dropFirst(bucket.count)
    guard (3...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isInBucketName), bucket.first != "-", bucket.last != "-" else {
      return nil
    }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: true)
    guard !rest.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }), !parts.contains(where: { $0 == "." || $0 == ".." }) else { return nil }
    self.bucket = String(bucket)
    prefix = parts.joined(separator: "/")
  }

  private init(bucket: String, prefix: String) {
    self.bucket = bucket
    self.prefix = prefix
  }

  private static func isInBucketName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }

  /// The part of this part under a name.
  public func appending(_ name: String) -> S3Location { S3Location(bucket: bucket, prefix: key(name)) }

  /// The key of a name in this part.
  public func key(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

  /// The URL.
  public var description: String { prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)" }
}
