import Foundation
import Synchronization

/// A server of bytes on loopback: hands each request's head and body to a closure and sends what that answers, or cuts the connection.
final class RawServer: Sendable {
  enum Answer: Sendable {
    /// Sends these bytes, and keeps the connection.
    case bytes(String)
    /// Sends these bytes, and closes.
    case last(String)
    /// Says nothing until the client goes away.
    case silence
  }

  let port: UInt16
  private let listener: Int32
  private let log = Mutex<[String]>([])

  /// The requests so far, as they came.
  var requests: [String] { log.withLock { $0 } }
  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  init(_ answer: @escaping @Sendable (_ request: String, _ number: Int) -> Answer) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = bind(listener, address, length)
        _ = listen(listener, 64)
        _ = getsockname(listener, address, &length)
      }
    }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        Thread.detachNewThread { [weak self] in
          Self.serve(client) { request in
            guard let self else { return nil }
            let number = self.log.withLock { log in
              log.append(request)
              return log.count
            }
            return answer(request, number)
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

  private static func serve(_ client: Int32, _ answer: (String) -> Answer?) {
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
      case .bytes(let text): guard write(client, text) else { return }
      case .last(let text):
        _ = write(client, text)
        return
      case .silence: while recv(client, &buffer, buffer.count, 0) > 0 {}
      case nil: return
      }
    }
  }

  /// The first whole request of the bytes, which are cut off.
  private static func take(_ bytes: inout [UInt8]) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let head = text[..<end.upperBound]
    let length =
      head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.drop { $0 != " " }.dropFirst()) } ?? 0
    let total = head.utf8.count + length
    guard bytes.count >= total else { return nil }
    defer { bytes.removeFirst(total) }
    return String(decoding: bytes[..<total], as: UTF8.self)
  }

  private static func write(_ client: Int32, _ text: String) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }
}
