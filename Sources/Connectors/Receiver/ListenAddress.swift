package import Dataflow

/// An address and port to listen on, as options write it: `127.0.0.1:4318`, `[::1]:4318`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  package var host: String
  /// 0 takes a free one.
  package var port: Int

  package init(host: String = "127.0.0.1", port: Int) {
    self.host = host
    self.port = port
  }

  /// As options write it.
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Nil when the text is no address and port.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), colon > text.startIndex, let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { return nil }
    // IPv6 addresses stand in brackets before a port.
    self.init(host: text[..<colon].filter { $0 != "[" && $0 != "]" }, port: port)
    if host.isEmpty { return nil }
  }

  /// The option `name` of a source.
  ///
  /// - Throws: `Diagnostic` when it is no address and port.
  package static func option(_ name: String, of config: Config, default usual: String) throws -> ListenAddress {
    let text = config.string(name) ?? usual
    guard let address = ListenAddress(text) else {
      throw config.diagnostic(
        name, code: "receiver.listen", "\(name) is not an address and a port: \"\(text)\"", hint: "\(name): \(usual)")
    }
    return address
  }
}
