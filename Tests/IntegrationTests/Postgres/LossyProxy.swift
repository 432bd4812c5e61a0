import Foundation
import Synchronization

/// A TCP proxy before a PostgreSQL server that cuts the connection at a chosen point of the conversation.
final class LossyProxy: Sendable {
  enum Cut: Sendable, Equatable {
    /// The server gets the COMMIT and answers; the client hears nothing.
    case afterCommit
    /// The COMMIT never arrives.
    case beforeCommit
    /// The n-th piece that the client sends from now on never arrives.
    case atMessage(Int)
  }

  private struct State {
    var armed: Cut?
    var cuts = 0
  }

  let url: String
  private let target: (host: String, port: UInt16)
  private let listener: Int32
  private let state = Mutex(State())

  /// How often the connection was cut.
  var cuts: Int { state.withLock { $0.cuts } }

  init(target: String) throws {
    guard var parts = URLComponents(string: target), let host = parts.host, let port = parts.port else {
      throw TestServer.Unavailable(description: "the proxy needs a postgresql:// URL with host and port")
    }
    self.target = (host, UInt16(port))
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = Self.loopback(0)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard bound == 0, listen(listener, 8) == 0 else { throw TestServer.Unavailable(description: "the proxy could not listen") }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
    }
    parts.host = "127.0.0.1"
    parts.port = Int(UInt16(bigEndian: address.sin_port))
    // What is cut must be readable on its way.
    parts.queryItems = [URLQueryItem(name: "sslmode", value: "disable"), URLQueryItem(name: "gssencmode", value: "disable")]
    url = parts.string ?? ""
    Thread.detachNewThread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        guard let self else {
          _ = Glibc.close(client)
          return
        }
        self.serve(client)
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    _ = Glibc.close(listener)
  }

  /// Cuts once, at this point; then the proxy is honest again.
  func arm(_ cut: Cut) { state.withLock { $0.armed = cut } }

  private func serve(_ client: Int32) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(target.port)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard connected == 0 else {
      _ = Glibc.close(client)
      return
    }
    Thread.detachNewThread { [weak self] in
      Self.pump(client, server) { self }
      _ = Glibc.close(client)
      _ = Glibc.close(server)
    }
  }

  /// Moves bytes both ways until one side ends or the cut comes.
  private static func pump(_ client: Int32, _ server: Int32, _ proxy: () -> LossyProxy?) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var isMute = false  // the COMMIT is through: what the server says next is lost
    while true {
      var polled = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0)]
      guard poll(&polled, 2, -1) > 0 else { return }
      for (index, from, to) in [(0, client, server), (1, server, client)] where polled[index].revents != 0 {
        let count = recv(from, &buffer, buffer.count, 0)
        guard count > 0 else { return }
        if index == 0 {
          switch proxy()?.point(buffer[..<count]) {
          case .some(.afterCommit): isMute = true
          case .some(.beforeCommit), .some(.atMessage): return
          case .none: break
          }
        } else if isMute {
          return
        }
        var sent = 0
        while sent < count {
          let more = buffer.withUnsafeBytes { send(to, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL)) }
          guard more > 0 else { return }
          sent += more
        }
      }
    }
  }

  /// Whether the armed cut is due at this piece of the client's.
  private func point(_ piece: ArraySlice<UInt8>) -> Cut? {
    state.withLock { state in
      guard let armed = state.armed else { return nil }
      switch armed {
      case .afterCommit, .beforeCommit:
        // A simple query: 'Q', length, text, NUL.
        guard piece.elementsEqual([UInt8(ascii: "Q"), 0, 0, 0, 11] + Array("COMMIT".utf8) + [0]) else { return nil }
      case .atMessage(let left) where left > 1:
        state.armed = .atMessage(left - 1)
        return nil
      case .atMessage: break
      }
      state.armed = nil
      state.cuts += 1
      return armed
    }
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
  }
}
