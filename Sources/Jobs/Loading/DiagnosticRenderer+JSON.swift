public import Dataflow

extension DiagnosticRenderer {
  /// `{"errors":[{"severity":…,"code":…,"path":…,"file":…,"line":…,"column":…,"length":…,"message":…,"detail":…,"hint":…}]}` on one line, for
  /// editors and for the `errors` of a problem document (RFC 9457). Place members are absent when the place is not known.
  public func json(_ diagnostics: [Diagnostic]) -> String {
    let items = diagnostics.map { diagnostic in
      var members: [(String, JSONText)] = [
        ("severity", .string(diagnostic.severity.rawValue)), ("code", .string(diagnostic.code)), ("path", .string(diagnostic.path)),
      ]
      if let location = diagnostic.location {
        members += [
          ("file", .string(location.file)), ("line", .int(Int64(location.line))), ("column", .int(Int64(location.column))),
          ("length", .int(Int64(diagnostic.length))),
        ]
      }
      members += [("message", .string(diagnostic.message)), ("detail", .string(diagnostic.detail)), ("hint", .string(diagnostic.hint))]
      return JSONText.object(members)
    }
    return JSONText.object([("errors", .array(items))]).text
  }
}
