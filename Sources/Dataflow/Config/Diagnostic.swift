/// Where something stands in a job file: 1-based line and column, columns in Unicode scalars.
public struct SourceLocation: Hashable, Sendable {
  /// The file's name as the user gave it.
  public var file: String
  /// From 1.
  public var line: Int
  /// From 1, in characters.
  public var column: Int

  /// A place in a file.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }
}

/// One thing that is wrong with a job, with its place and a cure.
public struct Diagnostic: Hashable, Sendable, Error {
  /// Whether the job may run all the same.
  public enum Severity: String, Sendable {
    case error
    case warning
  }
  /// Whether the job may run all the same.
  public var severity: Severity
  /// A stable code such as `job.unknown-input`; every code has a paragraph in docs/reference/diagnostics.md.
  public var code: String
  /// Lower case, no full stop.
  public var message: String
  /// Where in the file; nil when there is no place.
  public var location: SourceLocation?
  /// Length of the marked text in the line, at least 1.
  public var length: Int
  /// The place as a path: `operators.capsules.config.size`.
  public var path: String
  /// More about it, when the message alone does not say enough.
  public var detail: String
  /// Something the reader can do.
  public var hint: String

  /// A diagnostic; an error unless said otherwise.
  public init(
    _ severity: Severity = .error, code: String, _ message: String, at location: SourceLocation? = nil, length: Int = 1, path: String = "",
    detail: String = "", hint: String = ""
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.location = location
    self.length = max(1, length)
    self.path = path
    self.detail = detail
    self.hint = hint
  }
}
