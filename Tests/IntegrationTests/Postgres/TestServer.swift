import Foundation
import Postgres
import Synchronization
import Testing

/// The PostgreSQL that integration tests run against: the one named by SLOSCOUT_TEST_POSTGRES, or one that this process starts and stops.
enum TestServer {
  struct Unavailable: Error, CustomStringConvertible {
    var description: String
  }

  /// The folder of the package.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path(percentEncoded: false)

  private static let started = Result { try find() }

  /// The URL of the server. A missing server fails the test that asks.
  static func url() throws -> String { try started.get() }

  private static func find() throws -> String {
    if let url = ProcessInfo.processInfo.environment["SLOSCOUT_TEST_POSTGRES"], !url.isEmpty { return url }
    let url = try script("start", folder: "\(root)/.postgres/test")
    // Swift Testing has no end of all tests; the process does.
    atexit { _ = try? TestServer.script("stop", folder: "\(TestServer.root)/.postgres/test") }
    return url
  }

  /// Runs a script that starts and stops a server, and answers with what it printed.
  @discardableResult
  static func script(_ command: String, of script: String = "postgres.sh", folder: String, keep: Bool = false) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["bash", "\(root)/scripts/\(script)", command, "--dir", folder] + (keep ? ["--keep"] : [])
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Unavailable(
        description: "\(script) \(command) exited with \(process.terminationStatus): \(String(decoding: complaint, as: UTF8.self))")
    }
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// A database of a test's own, dropped when the test is done with it.
final class TestDatabase {
  let url: String
  /// A connection for looking at what the sink did.
  let client: PostgresClient
  private let server: String
  private let name: String

  init(server: String? = nil, options: String = "") throws {
    self.server = try server ?? TestServer.url()
    name = "test_\(UInt64.random(in: 0 ... .max))"
    let admin = try PostgresClient(PostgresOptions(url: self.server))
    try admin.execute("CREATE DATABASE \(try SQLIdentifier(name).quoted) TEMPLATE template0 ENCODING 'UTF8' \(options)")
    url = try Self.replacingDatabase(of: self.server, with: name)
    client = try PostgresClient(PostgresOptions(url: url))
  }

  deinit {
    client.close()
    guard let admin = try? PostgresClient(PostgresOptions(url: server)) else { return }
    _ = try? admin.execute("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)")
  }

  static func replacingDatabase(of url: String, with name: String) throws -> String {
    var parts = try #require(URLComponents(string: url), "SLOSCOUT_TEST_POSTGRES must be a postgresql:// URL")
    parts.path = "/" + name
    return try #require(parts.string)
  }

  /// All rows of a query, values joined with `|`, NULL as `-`.
  func rows(_ sql: String) throws -> [String] {
    try client.execute(sql).rows.map { $0.map { $0 ?? "-" }.joined(separator: "|") }
  }
}
