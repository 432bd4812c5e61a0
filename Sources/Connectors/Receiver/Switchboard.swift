internal import Synchronization

/// Who answers what at one server: its names are paths of HTTP or methods of gRPC, and each has at most one receiver at a time.
///
/// A name whose receiver has left stays known: its job is being restarted, and senders are told to come back rather than that there is nothing.
final class Switchboard<Call: Sendable, Answer: Sendable>: Sendable {
  typealias Respond = @Sendable (Call) async -> Answer

  private struct State {
    var receivers: [Int: (names: Set<String>, respond: Respond)] = [:]
    var known: Set<String> = []
    var last = 0
  }

  private let state = Mutex(State())

  /// Every name that a receiver has or had.
  var names: Set<String> { state.withLock { $0.known } }

  /// Connects a receiver. Throws `NameTaken` when another one has one of the names: nothing is connected then.
  func connect(_ names: Set<String>, _ respond: @escaping Respond) throws(NameTaken) -> Int {
    let result: Result<Int, NameTaken> = state.withLock { state in
      let taken = state.receivers.values.compactMap { $0.names.intersection(names).min() }.min()
      if let taken { return .failure(NameTaken(name: taken)) }
      state.last += 1
      state.receivers[state.last] = (names, respond)
      state.known.formUnion(names)
      return .success(state.last)
    }
    return try result.get()
  }

  /// Disconnects a receiver.
  ///
  /// - Returns: whether none is left.
  func disconnect(_ id: Int) -> Bool {
    state.withLock { state in
      state.receivers[id] = nil
      return state.receivers.isEmpty
    }
  }

  /// The receiver of a name; of a name that nobody ever had any of them, which says so in its own words. Nil when the name's receiver is away.
  func receiver(of name: String) -> Respond? {
    state.withLock { state in
      if let receiver = state.receivers.values.first(where: { $0.names.contains(name) }) { return receiver.respond }
      return state.known.contains(name) ? nil : state.receivers.min { $0.key < $1.key }?.value.respond
    }
  }
}

/// Two receivers want the same.
struct NameTaken: Error {
  let name: String
}
