internal import FakeCatalog
internal import Foundation
internal import Jobs
internal import Testing

/// Files that say what comes out: compared, or written anew when UPDATE_GOLDEN is set.
enum Golden {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
  static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()

  /// The names, without extension, of the inputs in a folder beside this file.
  static func cases(_ name: String) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)) ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  static func expect(_ actual: String, matches path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let url = folder.appending(path: path)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try Data(actual.utf8).write(to: url)
      return
    }
    let expected = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    #expect(actual == expected, "\(path) differs; run with UPDATE_GOLDEN=1 and read the diff", sourceLocation: sourceLocation)
  }

  /// Loads a golden job file under the name `jobs.yaml`, with a small environment that is always the same.
  static func load(_ path: String, environment: [String: String] = ["HOST": "db.example", "EMPTY": ""]) throws -> LoadedJobs {
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: path)))
    let loader = JobLoader(catalog: FakeCatalog.catalog, environment: environment) { path in
      if path == "/run/secrets/embedding_token" { return Array("s3cret\n".utf8) }
      throw CannotRead()
    }
    return loader.load([("jobs.yaml", bytes)])
  }
}

struct CannotRead: Error, CustomStringConvertible {
  var description: String { "no such file" }
}
