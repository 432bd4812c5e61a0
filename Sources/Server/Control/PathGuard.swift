internal import Dataflow
internal import Glibc
internal import Jobs

/// What documents that come over the network may read of this machine's files: `${file:…}` only below the allowed paths, and once there are any, sources
/// of files no others either.
package struct PathGuard: Sendable {
  /// Files and folders; links in them are followed when a document arrives.
  package var allowed: [String]

  package init(allowed: [String] = []) { self.allowed = allowed }

  /// A place that a document names and may not read.
  struct Refusal: Equatable {
    var option: String
    var path: String
  }

  /// Reads a file of `${file:…}`. Throws `SourceError` when it is not below an allowed path.
  func read(_ path: String) throws -> [UInt8] {
    guard allows(path) else {
      throw SourceError(
        "a document that comes over the network may not read the file \(path)",
        hint: allowed.isEmpty
          ? "use a variable: ${NAME}; or let the server allow the path with --allow-path" : "allowed: \(allowed.joined(separator: ", "))")
    }
    return try LocalFile.read(path)
  }

  /// The first path of a source that may not be read; nil when there is none, or no path was ever allowed.
  func refusal(_ job: JobDefinition) -> Refusal? {
    guard !allowed.isEmpty else { return nil }
    for source in job.components(.source) {
      for path in source.config.map(Self.paths) ?? [] where !allows(path) { return Refusal(option: "\(source.id): path", path: path) }
    }
    return nil
  }

  private static func paths(_ config: Config) -> [String] {
    switch config.values["path"] {
    case .string(let text): [text]
    case .list(let values): values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    case .any(let value): texts(value)
    default: []
    }
  }

  private static func texts(_ value: ConfigValue) -> [String] {
    switch value.content {
    case .string(let text): [text]
    case .list(let values): values.flatMap(texts)
    default: []
    }
  }

  /// Whether all that a path or pattern can mean lies below an allowed path. What does not exist yet is judged by how it is written.
  package func allows(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(".."), !path.contains("\0") else { return false }
    // The folders before the first wildcard; a pattern reaches no higher.
    let fixed = parts.prefix { !$0.contains { "*?[".contains($0) } }.joined(separator: "/")
    let place = Self.resolved(fixed.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : fixed)
    return allowed.contains { base in
      let base = Self.resolved(base)
      return place == base || place.hasPrefix(base.hasSuffix("/") ? base : base + "/")
    }
  }

  /// Absolute, without links; of what does not exist, the folder that does and the rest as it is written.
  private static func resolved(_ path: String) -> String {
    if let real = realpath(path, nil) {
      defer { free(real) }
      return String(cString: real)
    }
    guard let slash = path.lastIndex(of: "/") else { return "\(resolved("."))/\(path)" }
    let folder = String(path[..<slash])
    let base = folder.isEmpty ? "/" : resolved(folder)
    return base + (base.hasSuffix("/") ? "" : "/") + path[path.index(after: slash)...]
  }
}
