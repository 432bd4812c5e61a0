/// What a job is doing.
///
/// ```
/// suspended ──start──▶ starting ──▶ running ──▶ finished         the input is at its end
///     ▲                    │          │  ▲
///     │                    ▼          ▼  │
///     └────stopping◀──────────────── restarting ──▶ failed       the policy is exhausted
/// ```
package enum JobPhase: String, Sendable, Codable, CaseIterable {
  case suspended
  case starting
  /// A job over workers that nobody can run now.
  case waiting
  case running
  case restarting
  case stopping
  case finished
  case failed

  /// Whether the engine has it in its hands.
  var isActive: Bool {
    switch self {
    case .starting, .waiting, .running, .restarting, .stopping: true
    case .suspended, .finished, .failed: false
    }
  }
}
