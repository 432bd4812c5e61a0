import Foundation
import Server
import Testing

@Suite("jobs that are read from files")
struct JobFilesTests {
  private static func job(_ name: String) -> String {
    """
    apiVersion: sloscout/v1
    kind: Job
    metadata: { name: \(name) }
    spec:
      guarantee: none
      sources: { made: { type: generate, config: { records: 1 } } }
      sinks: { nowhere: { type: discard, inputs: [made] } }

    """
  }

  /// What is read from a folder with such files; a nil one is a link to nowhere.
  private func read(_ files: [String: String?]) throws -> (JobFiles, folder: String) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, text) in files {
      if let text {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      } else {
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: "\(folder)/nowhere")
      }
    }
    return (JobFiles(folder, variables: [:]), folder)
  }

  @Test("a file that cannot be read is told of, and keeps no other job from running")
  func unreadable() throws {
    let (found, folder) = try read(["a.yaml": nil, "b.yaml": Self.job("second"), "c.yaml": "kind: [", "d.yml": Self.job("fourth")])
    let wanted = ["second", "fourth"].map { JobFileRules.FileJob(name: $0, document: Self.job($0), origin: folder) }
    #expect(found.jobs == wanted)
    #expect(try #require(found.trouble).contains("a.yaml"))
  }

  @Test("files of other kinds and hidden ones are passed over")
  func others() throws {
    let (found, _) = try read(["a.yaml": Self.job("first"), "notes.txt": "no job", "..data.yaml": "kind: ["])
    #expect(found.jobs.count == 1 && found.trouble == nil)
  }

  @Test("a path that is not there is trouble, not an empty folder")
  func absent() {
    let found = JobFiles("/nowhere/jobs", variables: [:])
    #expect(found.jobs.isEmpty && found.trouble != nil)
  }
}
