internal import Foundation
internal import Glibc

/// Sends one request over and over on a connection that is kept: as little work as a sender can have.
struct HTTPSender: Sendable {
  private let port: Int
  private let request: [UInt8]

  init(port: Int, path: String, body: [UInt8]) {
    self.port = port
    let head = "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-protobuf\r\nContent-Length: \(body.count)\r\n\r\n"
    request = Array(head.utf8) + body
  }

  /// - Parameters:
  ///   - pause: seconds from one request to the next; nil sends the next one at once.
  ///   - offset: which part of the pause to wait before the first request.
  /// - Returns: how long each answer took in seconds, and the CPU time of this thread.
  /// - Throws: `BenchmarkError` when there is no answer, or one that is no 200.
  func run(seconds: Double, pause: Double?, offset: Double) throws -> (times: [Double], cpuSeconds: Double) {
    let socket = try connected()
    defer { close(socket) }
    let cpu = Self.now(CLOCK_THREAD_CPUTIME_ID)
    let begin = Self.now(CLOCK_MONOTONIC) + (pause ?? 0) * offset
    var times: [Double] = []
    var answer = [UInt8](repeating: 0, count: 4096)
    while true {
      let due = pause.map { begin + $0 * Double(times.count) }
      var start = Self.now(CLOCK_MONOTONIC)
      if let due, due > start { usleep(UInt32((due - start) * 1e6)) }
      // Behind schedule, the wait counts from when the request was due: a slow receiver must not hide the load it slows down.
      start = due.map { min($0, Self.now(CLOCK_MONOTONIC)) } ?? start
      if start - begin > seconds { break }
      try exchange(socket, &answer)
      times.append(Self.now(CLOCK_MONOTONIC) - start)
    }
    return (times, Self.now(CLOCK_THREAD_CPUTIME_ID) - cpu)
  }

  private func exchange(_ socket: Int32, _ answer: inout [UInt8]) throws {
    var sent = 0
    while sent < request.count {
      let count = request.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw BenchmarkError("the connection broke") }
      sent += count
    }
    var received = 0
    // The answer has no body.
    while received < 4 || answer[(received - 4)..<received] != [13, 10, 13, 10] {
      let count = answer.withUnsafeMutableBytes { recv(socket, $0.baseAddress.map { $0 + received }, $0.count - received, 0) }
      guard count > 0 else { throw BenchmarkError("the connection broke") }
      received += count
    }
    guard answer.starts(with: "HTTP/1.1 200".utf8) else {
      throw BenchmarkError(String(decoding: answer[..<received].prefix { $0 != 13 }, as: UTF8.self))
    }
  }

  private func connected() throws -> Int32 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { throw BenchmarkError("there is no connection to port \(port)") }
    return socket
  }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
