internal import Dataflow
internal import Foundation
internal import Jobs

/// The jobs of a file, or of a folder with files that end in `.yaml` or `.yml`, as they are now.
package struct JobFiles: Sendable {
  package private(set) var jobs: [JobFileRules.FileJob] = []
  /// Why these may not be all jobs: the first thing that is wrong. A job that cannot be read is not one that was taken out.
  package private(set) var trouble: String?

  /// Reads what there is. Blocking.
  ///
  /// - Parameter variables: names of environment variables that the documents may read, with their values.
  package init(_ path: String, variables: [String: String]) {
    let files: [String]
    do { files = try Self.files(path) } catch {
      trouble = "\(error)"
      return
    }
    for file in files {
      let bytes: [UInt8]
      do { bytes = try LocalFile.read(file) } catch {
        trouble = trouble ?? "\(error)"
        continue
      }
      let loaded = JobLoader(catalog: .standard, environment: variables).load([(file, bytes)])
      let text = String(decoding: bytes, as: UTF8.self)
      jobs += loaded.definitions.map { JobFileRules.FileJob(name: $0.name, document: text, origin: path) }
      if loaded.hasErrors { trouble = trouble ?? DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics) }
    }
  }

  private static func files(_ path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw CocoaError(.fileNoSuchFile) }
    guard isFolder.boolValue else { return [path] }
    // A mounted config map keeps its versions in hidden folders.
    return try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }.sorted().map { "\(path)/\($0)" }
  }
}
