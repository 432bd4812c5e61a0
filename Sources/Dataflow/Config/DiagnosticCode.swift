/// The codes of what the loader, the planner and `GraphValidation` report. Stable: scripts and documents refer to them.
///
/// Every case has a paragraph in docs/reference/diagnostics.md and a pair of files in Tests/GoldenTests/diagnostics. Components may raise codes
/// of their own; those have a paragraph as well.
public enum DiagnosticCode: String, Sendable, CaseIterable {
  // What the text is.
  case yamlSyntax = "yaml.syntax"
  case yamlEncoding = "yaml.encoding"
  case yamlTooLarge = "yaml.too-large"
  case yamlTooDeep = "yaml.too-deep"
  case yamlTooManyAliases = "yaml.too-many-aliases"
  case yamlDuplicateKey = "yaml.duplicate-key"
  case yamlUnsupported = "yaml.unsupported"

  // What the documents are.
  case fileUnreadable = "file.unreadable"
  case documentEmpty = "document.empty"
  case documentVersion = "document.api-version"
  case documentKind = "document.kind"
  case documentName = "document.name"
  case documentDuplicate = "document.duplicate"

  // What is filled in from outside.
  case environmentMissing = "env.missing"
  case environmentSyntax = "env.syntax"
  case environmentInKey = "env.in-key"
  case environmentFile = "env.file-unreadable"

  // What each option says.
  case unknownKey = "config.unknown-key"
  case missingKey = "config.missing-key"
  case wrongType = "config.wrong-type"
  case outOfRange = "config.out-of-range"
  case notAChoice = "config.not-a-choice"
  case durationWithoutUnit = "config.duration-without-unit"
  case badDuration = "config.bad-duration"
  case bytesWithoutUnit = "config.bytes-without-unit"
  case badBytes = "config.bad-bytes"

  // What the graph is.
  case badID = "job.bad-id"
  case duplicateID = "job.duplicate-id"
  case unknownType = "job.unknown-type"
  case unknownConnection = "job.unknown-connection"
  case missingConnection = "job.missing-connection"
  case wrongConnection = "job.wrong-connection"
  case unknownInput = "job.unknown-input"
  case unknownOutput = "job.unknown-output"
  case duplicateInput = "job.duplicate-input"
  case noInputs = "job.no-inputs"
  case cycle = "job.cycle"
  case dangling = "job.dangling"
  case noSource = "job.no-source"
  case noSink = "job.no-sink"
  case unusedErrors = "job.unused-errors"
  case errorsNotRouted = "job.errors-not-routed"
  case unknownField = "job.unknown-field"
  case fieldType = "job.field-type"
  case inputsDiffer = "job.inputs-differ"
  case planFailed = "job.plan-failed"
  case needsTime = "job.needs-time"
  case guarantee = "job.guarantee"

  // What the tests of a job say.
  case badTest = "test.invalid"
}

extension Diagnostic {
  /// A diagnostic with one of the codes that the engine itself raises, at the place of a value.
  public init(
    _ severity: Severity = .error, _ code: DiagnosticCode, _ message: String, at place: ConfigValue? = nil, path: String? = nil,
    detail: String = "", hint: String = ""
  ) {
    self.init(
      severity, code: code.rawValue, message, at: place?.location, length: place?.length ?? 1, path: path ?? place?.path ?? "",
      detail: detail, hint: hint)
  }
}
