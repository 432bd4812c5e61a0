internal import Dataflow
internal import Dispatch
internal import Glibc
internal import Jobs

/// Keeps documents that come over the network from sending this machine where their authors cannot go themselves: to the services that clouds offer at
/// link-local addresses, credentials among them.
///
/// A name is looked up, so that no other way to write an address leads there. What the name means later is not looked at again.
package enum AddressGuard {
  /// A place that a document names and may not reach.
  struct Refusal: Equatable {
    var option: String
    var host: String
  }

  private static let queue = DispatchQueue(label: "sloscout.server.addresses", attributes: .concurrent)
  /// A document names a few systems; more look-ups would only keep the resolver busy.
  private static let hostLimit = 64

  /// Looks at every option of a job and its connections. Looking names up takes its time, so it does not happen on the caller's thread.
  static func refusal(_ job: JobDefinition, _ connections: [ConnectionDefinition]) async -> Refusal? {
    var places: [(option: String, host: String)] = []
    for component in job.components { collect(component.config, component.id, &places) }
    for connection in connections { collect(connection.config, "Connection \(connection.name)", &places) }
    let wanted = places.prefix(hostLimit)
    if places.count > hostLimit, let next = places.dropFirst(hostLimit).first { return Refusal(option: next.option, host: next.host) }
    return await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(returning: wanted.first { isForbidden($0.host) }.map { Refusal(option: $0.option, host: $0.host) })
      }
    }
  }

  private static func collect(_ config: Config?, _ path: String, _ places: inout [(option: String, host: String)]) {
    for (name, value) in (config?.values ?? [:]).sorted(by: { $0.key < $1.key }) { collect(value, "\(path): \(name)", &places) }
  }

  private static func collect(_ value: Config.Value, _ path: String, _ places: inout [(option: String, host: String)]) {
    switch value {
    case .string(let text): for host in hosts(text) where !places.contains(where: { $0.host == host }) { places.append((path, host)) }
    case .list(let values): for value in values { collect(value, path, &places) }
    case .map(let entries): for entry in entries { collect(entry.value, "\(path).\(entry.key)", &places) }
    case .object(let config): collect(config, path, &places)
    case .bool, .int, .double, .duration, .byteCount, .any: break
    }
  }

  /// The hosts that a text names: `scheme://user@host:port/…`, with several between commas as PostgreSQL has them, `host:port`, and `host=…` and
  /// `hostaddr=…` wherever they stand. What is no address gives none, or one that nobody answers to.
  package static func hosts(_ text: String) -> [String] {
    var found: [String] = []
    if let scheme = text.firstRange(of: "://") {
      let authority = text[scheme.upperBound...].prefix { !"/?#\\".contains($0) }
      let places = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
      found += places.split(separator: ",").map(host)
    } else if text.contains(":"), !text.contains(where: \.isWhitespace), !text.hasPrefix("/") {
      found.append(host(text[...]))
    }
    for part in text.split(whereSeparator: { " \t\n?&".contains($0) }) {
      for key in ["host=", "hostaddr="] where part.hasPrefix(key) {
        found += part.dropFirst(key.count).split(separator: ",").map { host($0.drop { $0 == "'" }.prefix { $0 != "'" }) }
      }
    }
    return found.filter { !$0.isEmpty }
  }

  /// Without the port, and without the brackets of IPv6.
  private static func host(_ text: Substring) -> String {
    if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
    // IPv6 without brackets.
    if text.count(where: { $0 == ":" }) > 1 { return String(text.prefix { $0 != "/" }) }
    return String(text.prefix { $0 != ":" && $0 != "/" })
  }

  /// Whether any address of a host is link-local, or one that clouds keep for their metadata.
  package static func isForbidden(_ host: String) -> Bool {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host.removingPercents, nil, &hints, &list) == 0 else { return false }
    defer { freeaddrinfo(list) }
    var next = list
    while let entry = next {
      if let address = entry.pointee.ai_addr, isForbidden(address, entry.pointee.ai_family) { return true }
      next = entry.pointee.ai_next
    }
    return false
  }

  private static func isForbidden(_ address: UnsafeMutablePointer<sockaddr>, _ family: Int32) -> Bool {
    if family == AF_INET {
      let bits = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
      return isForbidden(bits)
    }
    guard family == AF_INET6 else { return false }
    let bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) } }
    // fe80::/10, and fd00:ec2::254 where Amazon has its metadata.
    if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return true }
    if bytes[0..<4] == [0xFD, 0x00, 0x0E, 0xC2] { return true }
    // IPv4 in IPv6: ::ffff:a.b.c.d, ::a.b.c.d and 64:ff9b::a.b.c.d.
    let tail = bytes[12..<16].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && (bytes[10..<12] == [0xFF, 0xFF] || (bytes[10..<12] == [0, 0] && tail > 1))
    return (isMapped || bytes[0..<4] == [0x00, 0x64, 0xFF, 0x9B]) && isForbidden(tail)
  }

  /// 169.254.0.0/16, 100.100.100.200 (Alibaba), 192.0.0.192 (Oracle).
  private static func isForbidden(_ bits: UInt32) -> Bool { bits >> 16 == 0xA9FE || bits == 0x6464_64C8 || bits == 0xC000_00C0 }
}

extension String {
  /// With `%2E` read as a dot, as those who open URLs do. What is no percent-encoding stays.
  fileprivate var removingPercents: String {
    var bytes: [UInt8] = []
    var rest = utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
