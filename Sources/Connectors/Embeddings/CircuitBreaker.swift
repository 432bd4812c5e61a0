/// When to leave a provider alone: after several failures in a row nobody asks for a while, then one asks, then all or nobody. Pure.
///
/// ```
/// closed ──failures in a row──▶ open ──pause over──▶ one probe ──success──▶ closed
///    ▲                            ▲                      │
///    └── success                  └──── failure, pause x2┘
/// ```
package struct CircuitBreaker: Sendable {
  /// Failures in a row that open it.
  package var threshold = 3
  /// Nanoseconds of the first pause.
  package var firstPause: Int64 = 1_000_000_000
  /// Nanoseconds of the longest.
  package var maxPause: Int64 = 30_000_000_000

  /// Closed.
  package init() {}

  private var failures = 0
  private var pause: Int64 = 0
  private var openUntil: Int64 = .min
  private var isProbing = false

  /// Whether to call.
  package enum Permission: Equatable {
    /// Now.
    case go
    /// Ask again after so many nanoseconds.
    case wait(Int64)
  }

  /// Whether a call may be made now. Who may go must report `succeeded`, `failed` or `abandoned`.
  package mutating func permission(now: Int64) -> Permission {
    guard failures >= threshold else { return openUntil > now ? .wait(openUntil - now) : .go }
    if now < openUntil { return .wait(openUntil - now) }
    // Short: the probe may be answered at any moment.
    if isProbing { return .wait(50_000_000) }
    isProbing = true
    return .go
  }

  /// There was an answer: the provider is there.
  package mutating func succeeded() {
    (failures, pause, openUntil, isProbing) = (0, 0, .min, false)
  }

  /// The provider was busy, or did not answer.
  ///
  /// - Parameter after: nanoseconds for which the provider itself asked to be left alone.
  package mutating func failed(now: Int64, after: Int64?) {
    failures += 1
    isProbing = false
    if failures >= threshold { pause = min(maxPause, pause == 0 ? firstPause : pause * 2) }
    let wanted = max(failures >= threshold ? pause : 0, after ?? 0)
    if wanted > 0 { openUntil = max(openUntil, now + wanted) }
  }

  /// The caller went away before there was an answer.
  package mutating func abandoned() { isProbing = false }
}
