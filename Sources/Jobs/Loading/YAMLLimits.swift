/// How large and how twisted a job file may be. A file beyond a limit is refused before it costs time or memory.
enum YAMLLimits {
  /// Bytes of one file. The shipped jobs take 10 KiB.
  static let bytes = 256 * 1024
  /// Maps and lists inside each other. The job language itself needs nine.
  static let depth = 32
  /// Uses of `*alias` in one file.
  static let aliases = 100
  /// Values in one file after aliases are expanded: more than a file of the largest size holds without any.
  static let nodes = 200_000
}
