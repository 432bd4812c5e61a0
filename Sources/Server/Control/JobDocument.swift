package import Dataflow
package import Jobs

/// The documents that come over the network, read with what a stranger may use: files and variables that the server allows.
package struct JobDocument: Sendable {
  /// Names of environment variables that documents may read, with their values.
  package var variables: [String: String]
  package var paths = PathGuard()

  package init(variables: [String: String], paths: PathGuard = PathGuard()) {
    (self.variables, self.paths) = (variables, paths)
  }

  /// A document that was understood.
  package struct Accepted: Sendable {
    package var job: PlannedJob
    /// What it speaks to.
    var connections: [ConnectionDefinition]
    /// What may be worth a look.
    var warnings: [Diagnostic]
  }

  /// A document that was not.
  package struct Refused: Error, CustomStringConvertible {
    package var diagnostics: [Diagnostic]

    package var description: String { diagnostics.map { "\($0.code): \($0.message)" }.joined(separator: "; ") }
  }

  /// Reads a document and plans its job of that name. Throws `Refused`.
  package func plan(_ text: String, name: String, parallelism: Int? = nil) throws(Refused) -> Accepted {
    var loader = JobLoader(catalog: .standard, environment: variables) { [paths] in try paths.read($0) }
    if let parallelism { loader.edits = JobOverride.parallelism(parallelism) }
    let loaded = loader.load([("document", Array(text.utf8))])
    var errors = loaded.diagnostics.filter { $0.severity == .error }
    let job = loaded.jobs.first { $0.definition.name == name }
    if errors.isEmpty, job == nil {
      let names = loaded.definitions.map { "\"\($0.name)\"" }.joined(separator: ", ")
      errors.append(
        Diagnostic(
          code: "server.job-name",
          names.isEmpty ? "the document holds no job" : "the document holds the job \(names), the address says \"\(name)\"",
          at: SourceLocation(file: "document", line: 1, column: 1), path: "metadata.name",
          hint: "make the two the same, and send the Connection documents that the job uses along with it"))
    }
    guard errors.isEmpty, let job else { throw Refused(diagnostics: errors) }
    return Accepted(job: job, connections: loaded.connections, warnings: loaded.diagnostics)
  }

  /// What `plan` does, and looks at where the job would reach. For documents that arrive; those that are stored were looked at. Throws `Refused`.
  func admit(_ text: String, name: String) async throws(Refused) -> Accepted {
    let accepted = try plan(text, name: name)
    if let refusal = paths.refusal(accepted.job.definition) {
      throw Refused(diagnostics: [
        Diagnostic(
          code: "server.path", "\(refusal.option) is \"\(refusal.path)\", which this server does not let jobs read",
          at: SourceLocation(file: "document", line: 1, column: 1),
          hint: "allowed: \(paths.allowed.joined(separator: ", ")); the server's --allow-path adds more")
      ])
    }
    guard let refusal = await AddressGuard.refusal(accepted.job.definition, accepted.connections) else { return accepted }
    throw Refused(diagnostics: [
      Diagnostic(
        code: "server.address",
        "\(refusal.option) leads to \"\(refusal.host)\": link-local addresses and those of a cloud's metadata are not reached",
        at: SourceLocation(file: "document", line: 1, column: 1), hint: "name the system by an address of its own")
    ])
  }
}
