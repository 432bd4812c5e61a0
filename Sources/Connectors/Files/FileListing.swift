internal import Dataflow
internal import Glibc

/// The files that a source's patterns name at one moment, each once, sorted by path.
struct FileListing: Sendable {
  struct Entry: Sendable, Equatable {
    var path: String
    var status: FileStatus
  }

  private(set) var entries: [Entry] = []

  /// Looks for files.
  ///
  /// A file with several names (links, overlapping patterns) is listed once, under the first. What is no regular file is left out.
  /// - Parameter warn: told of folders that cannot be listed in mode `follow`; in mode `once` they are errors.
  init(_ options: FileSourceOptions, warn: (String) -> Void) throws {
    var paths: Set<String> = []
    for pattern in options.patterns {
      let found = try Glob(pattern).paths { error in
        if options.mode == .once { throw SourceError("\(error)", hint: "the file source must be able to list this folder") }
        warn("\(error)")
      }
      if found.isEmpty { try Self.nothingFound(pattern, options) }
      paths.formUnion(found)
    }
    var seen: Set<FileKey> = []
    for path in paths.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      guard let status = try FileStatus(path: path), status.isRegular, seen.insert(status.key).inserted else { continue }
      entries.append(Entry(path: path, status: status))
    }
    if entries.isEmpty && options.mode == .once {
      throw SourceError(
        "\(options.patterns.joined(separator: ", ")) leads to no regular file", hint: "pipes and devices cannot be read again")
    }
  }

  private static func nothingFound(_ pattern: String, _ options: FileSourceOptions) throws {
    guard options.mode == .once else { return }
    var place = ""
    if !pattern.hasPrefix("/"), let folder = getcwd(nil, 0) {
      place = " in \(String(cString: folder))"
      free(folder)
    }
    if let status = try? FileStatus(path: pattern), status.isDirectory {
      throw SourceError("\(pattern)\(place) is a folder", hint: "name its files: \(pattern.hasSuffix("/") ? pattern : pattern + "/")*")
    }
    throw SourceError(
      "no file matches \"\(pattern)\"\(place)",
      hint: "relative paths start at the working directory; * stands for one name, ** for any number of folders")
  }
}
