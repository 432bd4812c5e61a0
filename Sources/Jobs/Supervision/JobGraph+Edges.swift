package import Dataflow

extension JobGraph {
  /// The steps that hand records on.
  package var handingSteps: [String] { sources.map(\.id) + operators.map(\.id) }

  /// The edges at which records can be looked at: `step`, `step.errors` and `step.late`, of every step that hands records on.
  package var edgeNames: [String] { handingSteps.flatMap { [$0, "\($0).errors", "\($0).late"] } }
}
