/// Frames of HTTP/2, written by hand (RFC 9113): also those that no library would send.
package struct HTTP2Frames {
  package enum Kind: UInt8 { case data = 0, headers = 1, reset = 3, settings = 4, ping = 6, goAway = 7, windowUpdate = 8, continuation = 9 }

  package private(set) var bytes: [UInt8] = []

  /// - Parameter begins: with what a client begins a connection with.
  package init(begins: Bool = true) {
    guard begins else { return }
    bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    frame(.settings, stream: 0, [])
  }

  package mutating func frame(_ kind: Kind, flags: UInt8 = 0, stream: Int, _ payload: [UInt8]) {
    bytes += [payload.count >> 16, payload.count >> 8, payload.count].map { UInt8(truncatingIfNeeded: $0) } + [kind.rawValue, flags]
    bytes += [stream >> 24, stream >> 16, stream >> 8, stream].map { UInt8(truncatingIfNeeded: $0) } + payload
  }

  /// A head of fields, each shorter than 127 bytes, without compression.
  package mutating func headers(_ fields: [(String, String)], stream: Int, ends: Bool = false) {
    var block: [UInt8] = []
    for (name, value) in fields {
      block += [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }
    frame(.headers, flags: ends ? 5 : 4, stream: stream, block)
  }

  package mutating func data(_ payload: [UInt8], stream: Int, ends: Bool = false) {
    frame(.data, flags: ends ? 1 : 0, stream: stream, payload)
  }

  /// The frames that stand in bytes; what is left of an unfinished one is left.
  package static func take(_ bytes: inout [UInt8]) -> (kind: UInt8, flags: UInt8, stream: Int, payload: [UInt8])? {
    guard bytes.count >= 9 else { return nil }
    let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
    guard bytes.count >= 9 + length else { return nil }
    defer { bytes.removeFirst(9 + length) }
    return (bytes[3], bytes[4], bytes[5..<9].reduce(0) { $0 << 8 | Int($1) }, Array(bytes[9..<9 + length]))
  }
}
