import Connectors
import Dataflow
import DataflowTesting
import HTTP
import RawServer
import Synchronization
import Testing

/// A client of a server in memory that waits for nothing.
func memoryClient(_ server: RawServer, partBytes: Int = 16 << 20, pauses: PauseLog = PauseLog()) throws -> S3Client {
  var options = try S3Options(
    nil, environment: ["AWS_ENDPOINT_URL": server.address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "se/cret"])
  options.partBytes = partBytes
  options.timeout = 300_000_000
  return try S3Client(options) { pauses.note($0) }
}

/// The pauses that a client would have made.
final class PauseLog: Sendable {
  private let list = Mutex<[Int64]>([])
  var pauses: [Int64] { list.withLock { $0 } }
  func note(_ pause: Int64) { list.withLock { $0.append(pause) } }
}

@Suite("the S3 client", .timeLimit(.minutes(3)))
struct S3ClientTests {
  @Test("objects are put, read whole and in parts, looked at, listed page by page and deleted", arguments: [true, false])
  func objects(knowsRanges: Bool) throws {
    let bucket = FaultyBucket(knowsRanges: knowsRanges)
    let server = try bucket.serve()
    let client = try memoryClient(server)
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    try client.put("bucket", "a/b c+d=é&<", bytes)
    #expect(bucket.objects["a/b c+d=é&<"] == bytes)
    #expect(try client.get("bucket", "a/b c+d=é&<") == bytes)
    #expect(try client.get("bucket", "a/b c+d=é&<", offset: 990, count: 100) == Array(bytes[990...]))
    #expect(try client.get("bucket", "a/b c+d=é&<", offset: 1000, count: 1) == [])
    #expect(try client.size("bucket", "a/b c+d=é&<") == 1000 && client.size("bucket", "nothing") == nil)
    #expect(throws: S3Error.self) { try client.get("bucket", "nothing") }
    for n in 10..<40 { try client.put("bucket", "page/\(n)", [UInt8](repeating: 1, count: n)) }
    #expect(try client.list("bucket", prefix: "page/").map { "\($0.key) \($0.size)" } == (10..<40).map { "page/\($0) \($0)" })
    #expect(try client.list("bucket", prefix: "a/").map(\.key) == ["a/b c+d=é&<"])
    for _ in 0..<2 { try client.delete("bucket", "a/b c+d=é&<") }
    #expect(bucket.objects["a/b c+d=é&<"] == nil)
    #expect(server.requests.allSatisfy { $0.head.contains("Credential=key/") })
  }

  @Test("large objects go in parts and appear whole; nothing stays of one that fails")
  func parts() throws {
    let bucket = FaultyBucket()
    let server = try bucket.serve()
    let client = try memoryClient(server, partBytes: 1000)
    let bytes = (0..<10_500).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try client.put("bucket", "large", bytes)
    #expect(bucket.objects["large"] == bytes && bucket.openUploads == 0)
    #expect(server.requests.filter { $0.target.contains("partNumber") }.count == 11)
    for seed in UInt64(0)..<20 {
      let bucket = FaultyBucket(seed: seed, faultPercent: 40)
      let server = try bucket.serve()
      let client = try memoryClient(server, partBytes: 2000)
      do throws(S3Error) {
        try client.put("bucket", "large", bytes)
        #expect(bucket.objects["large"] == bytes, "seed \(seed)")
      } catch { #expect(error.kind == .passing || error.isMissing, "seed \(seed): \(error)") }
    }
  }

  @Test("what may pass is tried six times with growing pauses, what will not pass once")
  func retries() throws {
    for (status, code, tries) in [
      (500, "InternalError", 6), (503, "SlowDown", 6), (429, "", 6), (403, "SignatureDoesNotMatch", 1), (404, "NoSuchBucket", 1),
      (400, "RequestTimeout", 6), (501, "NotImplemented", 1),
    ] {
      let server = try RawServer { _ in
        let body = "<Error><Code>\(code)</Code><Message>words</Message><StringToSign>se/cret</StringToSign></Error>"
        return .text("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      }
      let pauses = PauseLog()
      let client = try memoryClient(server, pauses: pauses)
      do throws(S3Error) {
        try client.put("bucket", "key", [1])
        Issue.record("\(status) is taken for success")
      } catch {
        #expect(error.kind == (tries == 1 ? .refused : .passing), "\(status) \(code)")
        #expect(
          error.description.contains("could not put s3://bucket/key: \(status)") && !error.description.contains("se/cret"), "\(error)")
      }
      #expect(server.requests.count == tries && pauses.pauses.count == tries - 1, "\(status) \(code)")
      for (n, pause) in pauses.pauses.enumerated() {
        let most: Int64 = min(5_000_000_000, 100_000_000 << Int64(n))
        #expect((most / 2...most).contains(pause))
      }
    }
  }

  @Test("a server that says when to come back is heeded, up to half a minute")
  func retryAfter() throws {
    for (wish, wait) in [("3", Int64(3)), ("4000", 30), ("soon", 0)] {
      let server = try RawServer { _ in .text("HTTP/1.1 503 X\r\nRetry-After: \(wish)\r\nContent-Length: 0\r\n\r\n") }
      let pauses = PauseLog()
      _ = try? memoryClient(server, pauses: pauses).get("bucket", "key")
      #expect(pauses.pauses.count == 5 && pauses.pauses.allSatisfy { $0 >= wait * 1_000_000_000 && $0 <= max(wait, 5) * 1_000_000_000 })
    }
  }

  @Test("a key is created once, also when the server has done it and says that it is taken, or says nothing", arguments: UInt64(0)..<60)
  func creates(seed: UInt64) throws {
    let bucket = FaultyBucket(seed: seed, faultPercent: 60)
    let server = try bucket.serve()
    let client = try memoryClient(server)
    var outcomes: [Bool?] = []
    for content in [UInt8(1), 2, 1] {
      do throws(S3Error) { outcomes.append(try client.create("bucket", "key", [content])) } catch {
        #expect(error.kind == .passing, "\(error)")
        outcomes.append(nil)
      }
    }
    bucket.heal()
    let winner = try client.get("bucket", "key")
    for (content, outcome) in zip([UInt8(1), 2, 1], outcomes) {
      if let outcome { #expect(outcome == (winner == [content]), "seed \(seed): \(content) was told \(outcome), the winner is \(winner)") }
    }
  }

  @Test("a bucket of a server in memory keeps checkpoints as a folder does")
  func conforms() throws {
    let bucket = FaultyBucket()
    let server = try bucket.serve()
    let client = try memoryClient(server)
    let location = try #require(S3Location("s3://bucket/some/where/"))
    #expect(try ReplicaConformance.problems { S3Replica(client, location, job: "job") } == [])
    #expect(bucket.objects.keys.allSatisfy { $0.hasPrefix("some/where/job/") })
  }

  @Test("a server that overwrites what it is told not to is refused before the first manifest")
  func conditions() throws {
    let bucket = FaultyBucket(knowsConditions: false)
    let server = try bucket.serve()
    let store = ReplicatedCheckpointStore([S3Replica(try memoryClient(server), try #require(S3Location("s3://bucket")), job: "job")])
    do {
      try store.publish(Manifest(job: "job", epoch: 1))
      Issue.record("it is not refused")
    } catch let error as S3Error { #expect(error.kind == .refused && error.description.contains("If-None-Match")) }
    #expect(bucket.objects.keys.allSatisfy { !$0.contains("manifest") })
  }

  @Test(
    "URLs of buckets are read, or not",
    arguments: [
      ("s3://bucket", "s3://bucket"), ("s3://bucket/", "s3://bucket"), ("s3://my.bucket-1/a//b/", "s3://my.bucket-1/a/b"),
      ("s3://ab", nil), ("s3://Bucket/x", nil), ("s3:///x", nil), ("http://bucket", nil), ("s3://bucket/../x", nil), ("s3://-ab/x", nil),
      ("s3://bucket/a\nb", nil), ("", nil),
    ] as [(String, String?)])
  func locations(text: String, read: String?) { #expect(S3Location(text)?.description == read) }

  @Test("options come from the file, and where it is silent from the environment; credentials from one of the two")
  func options() throws {
    let environment = ["AWS_ACCESS_KEY_ID": "ek", "AWS_SECRET_ACCESS_KEY": "es", "AWS_SESSION_TOKEN": "et", "AWS_REGION": "er"]
    let fromEnvironment = try S3Options(nil, environment: environment)
    #expect(fromEnvironment.endpoint == nil && !fromEnvironment.isPathStyle && fromEnvironment.signing.region == "er")
    #expect(fromEnvironment.signing.accessKey == "ek" && fromEnvironment.signing.sessionToken == "et")
    let config = Config(["accessKey": .string("fk"), "secretKey": .string("fs"), "endpoint": .string("https://host:9/")])
    let fromFile = try S3Options(config, environment: environment)
    #expect(fromFile.signing.secretKey == "fs" && fromFile.signing.sessionToken == nil)
    #expect(fromFile.endpoint == "https://host:9" && fromFile.isPathStyle)
    #expect(!"\(fromFile)".contains("fs") || !"\(fromFile.signing)".contains("fs"))
    #expect(throws: S3Error.self) { try S3Options(nil, environment: [:]) }
    #expect(throws: S3Error.self) { try S3Options(Config(["accessKey": .string("fk")]), environment: environment) }
    for endpoint in ["http://elsewhere:9000", "ftp://x", "https://", "https://u:p@host", "host:9000", "https://host/path"] {
      #expect(throws: S3Error.self, "\(endpoint)") { try S3Options(Config(["endpoint": .string(endpoint)]), environment: environment) }
    }
    for endpoint in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
      #expect(try S3Options(Config(["endpoint": .string(endpoint)]), environment: environment).endpoint == endpoint)
    }
    #expect(
      try S3Options(Config(["endpoint": .string("http://x"), "plainText": .bool(true)]), environment: environment).endpoint == "http://x")
  }
}
