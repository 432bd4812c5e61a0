internal import Glibc

/// What the kernel says about a UDP port: `/proc/net/udp`, and `udp6`.
package enum UDPDrops {
  /// Datagrams to the port that were dropped because nobody read them in time, since its sockets were opened. Nil when there is no such socket.
  package static func count(port: Int) -> Int? {
    var sum: Int?
    for path in ["/proc/net/udp", "/proc/net/udp6"] {
      guard let file = fopen(path, "r") else { continue }
      defer { fclose(file) }
      var line: UnsafeMutablePointer<CChar>?
      var capacity = 0
      defer { free(line) }
      while getline(&line, &capacity, file) > 0, let line {
        if let drops = drops(String(cString: line), port) { sum = (sum ?? 0) + drops }
      }
    }
    return sum
  }

  /// `sl local_address rem_address … drops`: the drops of a line about the port.
  package static func drops(_ line: String, _ port: Int) -> Int? {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\n" })
    guard words.count >= 13, let number = words[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) }), number == port else {
      return nil
    }
    return words.last.flatMap { Int($0) }
  }
}
