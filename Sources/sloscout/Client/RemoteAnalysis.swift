internal import ArgumentParser
internal import Connectors
internal import Dataflow
internal import Foundation
internal import Jobs

/// An analysis that a server carries out with its own telemetry.
struct RemoteAnalysis {
  let server: ServerOptions
  let service: String
  let environment: String?
  /// As `--lookback` was written.
  let lookback: String?

  private struct Request: Encodable {
    private enum CodingKeys: String, CodingKey {
      case service = "service_name"
      case environment
      case hours = "lookback_hours"
    }
    var service: String
    var environment: String?
    var hours: Int?
  }

  private struct Report: Decodable {
    private enum CodingKeys: String, CodingKey {
      case id = "job_id"
      case status, stage, message
      case progress = "progress_percent"
    }
    var id: String
    var status: String
    var stage: String?
    var message: String
    var progress: Int
  }

  private struct Files: Decodable { var artifacts: [String] }

  /// Submits it, waits for its end, and shows or writes what came of it. Throws exit code 1 after it has said why.
  func run(out: String?, json: Bool) throws {
    let hours = try lookback.map { max(1, Int(try Units.duration($0) / 3_600_000_000_000)) }
    let body = String(decoding: try JSONEncoder().encode(Request(service: service, environment: environment, hours: hours)), as: UTF8.self)
    let report = try end(of: JSONDecoder().decode(Report.self, from: try server.call("POST", "/api/v1/analyze", body: body)))
    guard report.status == "completed" else {
      Terminal.error("the analysis \(report.status == "cancelled" ? "was cancelled" : "failed"): \(report.message)")
      throw ExitCode(Exit.failed)
    }
    let path = "/api/v1/analyze/\(report.id)"
    if let out {
      let files = try server.get(Files.self, "\(path)/artifacts").artifacts
      // What a server says must not leave the folder.
      guard files.allSatisfy({ !$0.hasPrefix("/") && !$0.split(separator: "/").contains("..") }) else {
        Terminal.error("the server names files outside of the folder: nothing was written")
        throw ExitCode(Exit.failed)
      }
      var tree: [(path: String, bytes: [UInt8])] = []
      for file in files {
        let escaped = file.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? file
        tree.append((file, [UInt8](try server.call("GET", "\(path)/artifacts/\(escaped)"))))
      }
      try ArtifactFolder.write(tree, to: out)
      Terminal.error("\(files.count) files in \(out); begin with \(out)/index.html")
    }
    if json { return Terminal.output(String(decoding: try server.call("GET", "\(path)/result"), as: UTF8.self)) }
    Terminal.print("\(report.message)  (analysis \(report.id))")
  }

  private func end(of first: Report) throws -> Report {
    var report = first
    var shown = ""
    while report.status == "pending" || report.status == "running" {
      let line = "\(report.stage ?? report.status), \(report.progress) %"
      if Terminal.isInteractive { Terminal.status(line) } else if line != shown { Terminal.error(line) }
      shown = line
      Thread.sleep(forTimeInterval: 0.3)
      report = try server.get(Report.self, "/api/v1/analyze/\(report.id)")
    }
    Terminal.clearStatus()
    return report
  }
}
