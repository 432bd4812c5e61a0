import NIOCore
import NIOHPACK

/// A client of gRPC that sends the frames that it is told to, and reads what is answered.
package final class GRPCClient {
  package struct Reply {
    /// Of the head and of the trailers.
    package var fields: [String: String] = [:]
    package var data: [UInt8] = []
    /// Whether the other side ended the stream: else it was reset, or the connection is gone.
    package var isComplete = false

    package var status: String? { fields["grpc-status"] }
  }

  package let connection: RawClient
  private var received: [UInt8] = []
  private var replies: [Int: Reply] = [:]
  private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

  /// Nil when nobody accepts the connection. Sends the beginning of one.
  package init?(port: Int) {
    guard let connection = RawClient(port: port) else { return nil }
    self.connection = connection
    send(HTTP2Frames())
  }

  @discardableResult
  package func send(_ frames: HTTP2Frames) -> Bool { connection.send(frames.bytes) }

  /// The head of a call.
  package static func head(_ path: String, _ more: [(String, String)] = [], type: String = "application/grpc") -> [(String, String)] {
    [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"), ("te", "trailers"), ("content-type", type)] + more
  }

  /// Sends a call whose message comes in these pieces, the length in front included.
  package func call(
    _ path: String, _ pieces: [[UInt8]], _ more: [(String, String)] = [], type: String = "application/grpc", stream: Int = 1
  ) {
    var frames = HTTP2Frames(begins: false)
    frames.headers(Self.head(path, more, type: type), stream: stream)
    for (number, piece) in pieces.enumerated() { frames.data(piece, stream: stream, ends: number == pieces.count - 1) }
    send(frames)
  }

  /// What is answered to a stream, read to its end.
  package func reply(_ stream: Int = 1) throws -> Reply {
    while true {
      while let frame = HTTP2Frames.take(&received) {
        switch HTTP2Frames.Kind(rawValue: frame.kind) {
        case .headers:
          var buffer = ByteBuffer(bytes: frame.payload)
          for field in try decoder.decodeHeaders(from: &buffer) { replies[frame.stream, default: Reply()].fields[field.name] = field.value }
        case .data: replies[frame.stream, default: Reply()].data += frame.payload
        case .reset: if frame.stream == stream { return replies[stream, default: Reply()] }
        case .ping where frame.flags == 0:
          var answer = HTTP2Frames(begins: false)
          answer.frame(.ping, flags: 1, stream: 0, frame.payload)
          send(answer)
        default: continue
        }
        if frame.flags & 1 == 1, frame.kind <= 1 {
          replies[frame.stream, default: Reply()].isComplete = true
          if frame.stream == stream { return replies[stream, default: Reply()] }
        }
      }
      let more = connection.receive()
      if more.isEmpty { return replies[stream, default: Reply()] }
      received += more
    }
  }
}
