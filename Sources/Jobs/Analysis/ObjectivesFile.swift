internal import Dataflow
package import SLO

/// Reads objectives that somebody has already, from files of OpenSLO, Sloth or Pyrra.
package enum ObjectivesFile {
  /// What is wrong with the file.
  package struct Failure: Error, CustomStringConvertible, Equatable {
    package let description: String
  }

  /// The objectives of a file; documents of other kinds are passed over.
  ///
  /// - Throws: `Failure` when it is no YAML; errors of the file as they come.
  package static func read(path: String) throws -> [ImportedObjective] {
    let (source, problems) = YAMLReader.decode(try LocalFile.read(path), name: path)
    if let problem = problems.first { throw Failure(description: "\(path): \(problem.message)") }
    let result = YAMLReader.read(source)
    if let problem = result.diagnostics.first(where: { $0.severity == .error }) {
      throw Failure(description: "\(path):\(problem.location?.line ?? 1): \(problem.message)")
    }
    return ImportedObjective.read(result.documents.map(value))
  }

  private static func value(_ config: ConfigValue) -> StructuredValue {
    switch config.content {
    case .null: .null
    case .bool(let value): .bool(value)
    case .int(let value): .int(Int(value))
    case .double(let value): .number(value)
    case .string(let text): .text(text)
    case .list(let values): .list(values.map(value))
    case .map(let entries): .map(entries.map { StructuredValue.Member($0.key, value($0.value)) })
    }
  }
}
