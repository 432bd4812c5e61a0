import Foundation
import Synchronization

/// A server of bytes on loopback: hands each request to a closure and sends what that answers, or does what no decent server does.
package final class RawServer: Sendable {
  /// One HTTP request, as it came.
  package struct Request: Sendable {
    /// Request line and headers, with the empty line.
    package var head: String
    /// As long as its Content-Length says.
    package var body: [UInt8]

    /// `GET`
    package var method: Substring { head.prefix { $0 != " " } }
    /// Path and query.
    package var target: Substring { head.drop { $0 != " " }.dropFirst().prefix { $0 != " " } }

    /// A header by its name in lower case.
    package func header(_ name: String) -> Substring? {
      head.split(separator: "\r\n").dropFirst().first { $0.lowercased().hasPrefix(name + ":") }
        .map { $0.drop { $0 != ":" }.dropFirst().drop { $0 == " " } }
    }
  }

  package enum Answer: Sendable {
    /// Sends these bytes, and keeps the connection.
    case bytes([UInt8])
    /// Sends these bytes, and closes.
    case last([UInt8])
    /// Closes so that the client gets a reset.
    case reset
    /// Says nothing until the client goes away.
    case silence

    package static func text(_ text: String) -> Answer { .bytes(Array(text.utf8)) }
    package static func lastText(_ text: String) -> Answer { .last(Array(text.utf8)) }
  }

  package struct Unavailable: Error {}

  package let port: UInt16
  private let listener: Int32
  private let log = Mutex<[Request]>([])

  /// The requests so far.
  package var requests: [Request] { log.withLock { $0 } }
  package var address: String { "http://127.0.0.1:\(port)" }
  package func url(_ path: String) -> String { address + path }

  package init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, address, &length) == 0
      }
    }
    guard isListening else { throw Unavailable() }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        Thread.detachNewThread { [weak self] in
          Self.serve(client) { request in
            guard let self else { return nil }
            self.log.withLock { $0.append(request) }
            return answer(request)
          }
          _ = Glibc.close(client)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    _ = Glibc.close(listener)
  }

  private static func serve(_ client: Int32, _ answer: (Request) -> Answer?) {
    var pending: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      guard let request = take(&pending) else {
        let count = recv(client, &buffer, buffer.count, 0)
        guard count > 0 else { return }
        pending += buffer[..<count]
        continue
      }
      switch answer(request) {
      case .bytes(let bytes): guard write(client, bytes) else { return }
      case .last(let bytes):
        _ = write(client, bytes)
        return
      case .reset:
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        return
      case .silence: while recv(client, &buffer, buffer.count, 0) > 0 {}
      case nil: return
      }
    }
  }

  /// The first whole request of the bytes, which are cut off.
  private static func take(_ bytes: inout [UInt8]) -> Request? {
    let end: [UInt8] = [13, 10, 13, 10]
    guard let index = bytes.firstRange(of: end) else { return nil }
    var request = Request(head: String(decoding: bytes[..<index.upperBound], as: UTF8.self), body: [])
    let length = request.header("content-length").flatMap { Int($0) } ?? 0
    guard bytes.count >= index.upperBound + length else { return nil }
    request.body = Array(bytes[index.upperBound..<(index.upperBound + length)])
    bytes.removeFirst(index.upperBound + length)
    return request
  }

  private static func write(_ client: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
