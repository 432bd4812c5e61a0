internal import Synchronization

/// A server with an address, as receivers start and stop it.
protocol ReceivingServer: Sendable {
  var state: ListenerState { get }
  func start()
  func stop() async
}

extension HTTPListener: ReceivingServer {}
extension GRPCListener: ReceivingServer {}

/// The servers of this process by address: receivers that want the same address share one, each with names of its own. So one port takes logs for one
/// job and spans for another.
///
/// Who comes first starts the server, who leaves last stops it. A free port (0) is nobody else's.
final class SharedServers<Call: Sendable, Answer: Sendable>: Sendable {
  private struct Shared {
    var server: any ReceivingServer
    var board: Switchboard<Call, Answer>
    var limits: ListenerLimits
  }

  /// What a receiver has of a server.
  struct Seat: Sendable {
    fileprivate let address: ListenAddress
    fileprivate let board: Switchboard<Call, Answer>
    fileprivate let id: Int
    let server: any ReceivingServer
  }

  /// Why there is no seat.
  struct Refusal: Error {
    let reason: String
  }

  private let servers = Mutex<[ListenAddress: Shared]>([:])

  /// Gives a receiver its names at an address, and starts the server there when it is the first.
  ///
  /// - Parameter make: makes the server; it finds who answers a call at the board.
  /// - Throws: `Refusal`, when another receiver has one of the names, or the server has other limits.
  func join(
    _ address: ListenAddress, _ names: Set<String>, _ limits: ListenerLimits, respond: @escaping Switchboard<Call, Answer>.Respond,
    make: (Switchboard<Call, Answer>) -> any ReceivingServer
  ) throws(Refusal) -> Seat {
    let result: Result<Seat, Refusal> = servers.withLock { servers in
      let shared: Shared
      if let running = servers[address], !Self.isOver(running.server.state) {
        guard running.limits == limits else {
          return .failure(Refusal(reason: "another source of this process listens on \(address), with other limits of time or size"))
        }
        shared = running
      } else {
        let board = Switchboard<Call, Answer>()
        shared = Shared(server: make(board), board: board, limits: limits)
        shared.server.start()
        if address.port != 0 { servers[address] = shared }
      }
      do throws(NameTaken) {
        return .success(Seat(address: address, board: shared.board, id: try shared.board.connect(names, respond), server: shared.server))
      } catch {
        return .failure(Refusal(reason: "another source of this process takes \(error.name) on \(address)"))
      }
    }
    return try result.get()
  }

  /// Takes the receiver's names back. The last one stops the server, and waits until what is being read was answered.
  func leave(_ seat: Seat) async {
    let isLast = servers.withLock { servers in
      guard seat.board.disconnect(seat.id) else { return false }
      if servers[seat.address]?.board === seat.board { servers[seat.address] = nil }
      return true
    }
    if isLast { await seat.server.stop() }
  }

  private static func isOver(_ state: ListenerState) -> Bool {
    switch state {
    case .failed, .stopped: true
    case .starting, .listening: false
    }
  }
}
