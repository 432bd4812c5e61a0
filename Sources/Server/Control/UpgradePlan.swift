internal import Connectors
internal import Dataflow
internal import Jobs

/// What a changed job would do with the state that its newest checkpoint holds.
struct UpgradePlan: Sendable, Codable {
  /// Steps whose state is taken over.
  var kept: [String] = []
  /// Steps that begin without state.
  var added: [String] = []
  /// Steps whose state nobody would read: it would be lost.
  var dropped: [String] = []
  /// The checkpoint that was looked at; nil when there is none.
  var epoch: UInt64?

  /// Compares with the newest readable checkpoint. Throws what the store throws.
  static func make(_ job: PlannedJob) throws -> UpgradePlan {
    let steps = job.graph.sources.map(\.id) + job.graph.operators.map(\.id) + job.graph.sinks.map(\.id)
    let session = try JobSession(job)
    let manifests = try CheckpointInspection(session.store).manifests()
    guard let newest = manifests.reversed().lazy.compactMap({ try? $0.manifest.get() }).first else { return UpgradePlan(added: steps) }
    let withState = Set(newest.operators.filter { $0.subtasks.contains { !$0.isEmpty } }.map { step(of: $0.id) })
    let now = Set(steps)
    return UpgradePlan(
      kept: steps.filter(withState.contains), added: steps.filter { !withState.contains($0) }, dropped: withState.subtracting(now).sorted(),
      epoch: newest.epoch)
  }

  /// The step of the document that a state belongs to: `telemetry@reader` and `telemetry#time` are parts of `telemetry`.
  static func step(of id: String) -> String { String(id.prefix { $0 != "#" && $0 != "@" }) }
}
