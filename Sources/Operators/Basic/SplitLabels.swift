internal import Dataflow

/// What the name of a split (`file:/var/log/dpkg.log.1`, with `@2` for a later file of that path and `#3/12` for a stripe) says about its lines.
enum SplitLabels {
  /// The service that a file's name suggests: `/var/log/dpkg.log.1` is `dpkg`, `/var/log/nginx/access.log` is `nginx`.
  static func service(of split: String) -> String {
    var path = split.hasPrefix("file:") ? split.dropFirst(5) : split[...]
    if let stripe = path.lastIndex(of: "#"), path[path.index(after: stripe)...].allSatisfy({ $0.isNumber || $0 == "/" }) {
      path = path[..<stripe]
    }
    var parts = path.split(separator: "/").map(String.init)
    guard var base = parts.popLast() else { return "unknown" }
    while let shorter = withoutSuffix(base) { base = shorter }
    if common.contains(base), let folder = parts.last, folder != "log", folder != "logs" { return folder }
    return base.isEmpty ? "unknown" : base
  }

  /// Names that say what is in the file and not whose it is.
  private static let common: Set<String> = [
    "history", "term", "access", "error", "current", "output", "stdout", "stderr", "console", "daemon",
  ]

  private static let suffixes = [".gz", ".zst", ".xz", ".bz2", ".log", ".txt", ".out", ".err", ".json", ".jsonl", ".old"]

  /// The name without one ending of a log file or of its rotation, or nil when there is none.
  private static func withoutSuffix(_ name: String) -> String? {
    for suffix in suffixes where name.hasSuffix(suffix) && name.count > suffix.count { return String(name.dropLast(suffix.count)) }
    // `.1`, `@2`, `-20260102`
    if let cut = name.lastIndex(where: { $0 == "." || $0 == "-" || $0 == "@" }), cut > name.startIndex {
      let tail = name[name.index(after: cut)...]
      let isDigits = !tail.isEmpty && tail.utf8.allSatisfy { $0.isDigit }
      if isDigits && (name[cut] != "-" || tail.count == 8) { return String(name[..<cut]) }
    }
    return nil
  }
}
