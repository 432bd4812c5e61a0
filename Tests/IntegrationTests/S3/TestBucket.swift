import Connectors
import Foundation
import Testing

/// A part of a bucket of a real S3 server that a test has for itself: the server named by SLOSCOUT_TEST_S3, or one that this process starts and stops.
struct TestBucket {
  let location: S3Location
  let client: S3Client
  let environment: [String: String]

  private static let started = Result { try find() }

  init() throws {
    let environment = [
      "AWS_ENDPOINT_URL_S3": try Self.started.get(), "AWS_ACCESS_KEY_ID": "sloscout-test", "AWS_SECRET_ACCESS_KEY": "sloscout-test-secret",
    ]
    self.environment = environment
    client = try S3Client(try S3Options(nil, environment: environment))
    location = try #require(S3Location("s3://sloscout/test-\(UInt64.random(in: 0 ... .max))"))
  }

  private static func find() throws -> String {
    if let url = ProcessInfo.processInfo.environment["SLOSCOUT_TEST_S3"], !url.isEmpty { return url }
    let folder = "\(TestServer.root)/.s3/test"
    let url = try TestServer.script("start", of: "s3.sh", folder: folder)
    // Swift Testing has no end of all tests; the process does.
    atexit { _ = try? TestServer.script("stop", of: "s3.sh", folder: "\(TestServer.root)/.s3/test") }
    return url
  }
}
