import Foundation

/// The files of this repository that people write, as a look at the folders finds them.
struct SourceTree {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  struct File {
    /// From the repository's top: `Sources/Dataflow/Record/Schema.swift`.
    let path: String
    let text: String

    /// Lines with their numbers, from 1.
    var lines: some Sequence<(number: Int, text: Substring)> {
      text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().lazy.map { ($0.offset + 1, $0.element) }
    }
  }

  /// Everything that is text, outside of what tools make.
  static let files: [File] = {
    let tops = [
      "Sources", "Tests", "scripts", "docs", "Examples", "deploy", ".ci", "Package.swift", "Makefile", "jobs.yaml", "README.md",
      "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", ".editorconfig", ".swift-format", ".gitignore",
    ]
    return tops.flatMap(paths).sorted().compactMap { path in
      (try? String(contentsOf: root.appending(path: path), encoding: .utf8)).map { File(path: path, text: $0) }
    }
  }()

  /// The files under a path, or the path itself when it is a file.
  private static func paths(_ top: String) -> [String] {
    let url = root.appending(path: top)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return [] }
    guard isFolder.boolValue else { return [top] }
    let entries = FileManager.default.enumerator(atPath: url.path)
    return (entries?.compactMap { $0 as? String } ?? []).filter { !$0.contains("__pycache__") }.map { "\(top)/\($0)" }
  }

  static func files(under folder: String, _ suffix: String = "") -> [File] {
    files.filter { $0.path.hasPrefix(folder) && $0.path.hasSuffix(suffix) }
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }
}
