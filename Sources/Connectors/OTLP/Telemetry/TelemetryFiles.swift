internal import Dataflow

/// The files that paths lead to: files themselves, patterns, and folders with all that is in them.
package enum TelemetryFiles {
  /// Each file once, sorted by path.
  ///
  /// - Throws: `SourceError` where a path leads to nothing.
  package static func find(_ paths: [String]) throws -> [String] {
    var found: Set<String> = []
    for path in paths {
      let before = found.count
      if let status = try FileStatus(path: path), status.isDirectory {
        try addFiles(below: path, to: &found, depth: 0)
      } else {
        for file in try Glob(path).paths(onUnreadable: { throw $0 }) where try FileStatus(path: file)?.isRegular == true {
          found.insert(file)
        }
      }
      if found.count == before {
        throw SourceError("there is no file at \(path)", hint: "name files, folders, or a pattern in quotes; * stands for one name")
      }
    }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func addFiles(below folder: String, to found: inout Set<String>, depth: Int) throws {
    guard depth < 32 else { return }
    for name in try Folder.names(folder) where !name.hasPrefix(".") {
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      guard let status = try FileStatus(path: path) else { continue }
      if status.isDirectory { try addFiles(below: path, to: &found, depth: depth + 1) } else if status.isRegular { found.insert(path) }
    }
  }
}
