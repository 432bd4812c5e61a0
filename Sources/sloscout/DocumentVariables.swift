internal import Foundation

/// Which variables of this process documents may read that came over the network.
enum DocumentVariables {
  /// - Parameters:
  ///   - database: the value of `DATABASE_URL` where the environment has none.
  ///   - allowed: names besides `DATABASE_URL` and `SLOSCOUT_STATE`.
  static func of(_ database: String, allowed: [String]) -> [String: String] {
    let names = Set(allowed + ["DATABASE_URL", "SLOSCOUT_STATE"])
    return ProcessInfo.processInfo.environment.merging(["DATABASE_URL": database]) { own, _ in own }.filter { names.contains($0.key) }
  }
}
