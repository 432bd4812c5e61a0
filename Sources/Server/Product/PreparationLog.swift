internal import Connectors
internal import Logging
internal import Synchronization

/// Says in the log how far the graph of near vectors is: with every tenth of it, and when it is there. A few vectors more say nothing.
final class PreparationLog: Sendable {
  private static let logger = Logger(label: "sloscout.server.search")
  /// Tenths that were told.
  private let told = Mutex(-1)
  /// So many vectors are built in about a second.
  private static let worthTelling = 2_000

  func report(_ state: VectorPreparation) {
    let tenth = state.done * 10 / state.total
    let isNews = told.withLock { told in
      // It is built anew, or has much to do again.
      if tenth < told, state.total - state.done > Self.worthTelling { told = -1 }
      guard tenth > told else { return false }
      told = tenth
      return true
    }
    guard isNews else { return }
    Self.logger.info(
      state.done == state.total ? "the graph of near vectors is built" : "building the graph of near vectors",
      metadata: ["vectors": "\(state.done)", "of": "\(state.total)"])
  }
}
