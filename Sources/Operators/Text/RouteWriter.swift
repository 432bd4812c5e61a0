/// Writes routes: a name word by word, a path segment by segment; what the scanner takes for a variable or for personal data is `{id}`.
///
/// ```
/// GET https://shop.example/orders/123/items?page=2#top  ──▶  GET /orders/{id}/items
/// ```
/// Scheme, host, query and fragment say nothing about the kind of request and are left out. Segments that are placeholders already
/// (`{orderId}`, `:id`, `*`, `<int:pk>`) stay as the framework wrote them. At most 512 bytes and 24 segments of a path are kept.
public final class RouteWriter {
  private static let longest = 512
  private static let deepest = 24
  private static let variable = Array("{id}".utf8)

  private let scanner = TextScanner()
  private var output: [UInt8] = []

  /// A writer. Not safe to share between threads.
  public init() {}

  /// The route of a name, a path or a URL.
  public func route(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    output.removeAll(keepingCapacity: true)
    for word in text.split(whereSeparator: Self.isSpace) {
      if output.count >= Self.longest { break }
      if !output.isEmpty { output.append(UInt8(ascii: " ")) }
      let word = UnsafeBufferPointer(rebasing: word)
      if let path = Self.path(in: word) { write(path: path) } else { write(segment: word) }
    }
    return output
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// What is left of a word without scheme, host, query and fragment, if it has a slash.
  private static func path(in word: UnsafeBufferPointer<UInt8>) -> Slice<UnsafeBufferPointer<UInt8>>? {
    guard let slash = word.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    var path = word[...]
    // `scheme://host/…`
    if slash > 0, word[slash - 1] == UInt8(ascii: ":"), slash + 1 < word.count, word[slash + 1] == UInt8(ascii: "/") {
      let host = word[(slash + 2)...]
      path = host.firstIndex(of: UInt8(ascii: "/")).map { word[$0...] } ?? word[word.endIndex...]
      if path.isEmpty { return path }
    }
    let end = path.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ";") } ?? path.endIndex
    return path[..<end]
  }

  private func write(path: Slice<UnsafeBufferPointer<UInt8>>) {
    guard !path.isEmpty else { return output.append(UInt8(ascii: "/")) }
    var segments = 0
    var start = path.startIndex
    while true {
      let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
      write(segment: UnsafeBufferPointer(rebasing: path[start..<end]))
      guard end < path.endIndex else { return }
      output.append(UInt8(ascii: "/"))
      segments += 1
      guard segments <= Self.deepest, output.count < Self.longest else { return output.append(UInt8(ascii: "*")) }
      start = end + 1
    }
  }

  private func write(segment: UnsafeBufferPointer<UInt8>) {
    guard let first = segment.first else { return }
    if isPlaceholder(segment, first) || !isVariable(segment) { output.append(contentsOf: segment) } else { output += Self.variable }
  }

  /// `{id}`, `:id`, `*`, `<int:pk>`, `[slug]`: the framework has done the work.
  private func isPlaceholder(_ segment: UnsafeBufferPointer<UInt8>, _ first: UInt8) -> Bool {
    guard segment.count <= 64 else { return false }
    let isName = segment.dropFirst().allSatisfy { Bytes.isAlnum($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    let inner = UnsafeBufferPointer(rebasing: segment.dropFirst().dropLast())
    let isInner = inner.allSatisfy {
      Bytes.isAlnum($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "*")
    }
    return switch (first, segment[segment.count - 1]) {
    case (UInt8(ascii: ":"), _): isName && segment.count > 1 && Bytes.isAlpha(segment[1])
    case (UInt8(ascii: "{"), UInt8(ascii: "}")), (UInt8(ascii: "<"), UInt8(ascii: ">")), (UInt8(ascii: "["), UInt8(ascii: "]")): isInner
    case (UInt8(ascii: "*"), UInt8(ascii: "*")): segment.count <= 2
    default: false
    }
  }

  /// Whether the scanner finds a variable or personal data in it. Escaped bytes and very long segments are content, not names.
  private func isVariable(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
    if segment.count > 64 || segment.contains(UInt8(ascii: "%")) { return true }
    guard scanner.scan(segment) else { return true }
    return scanner.isRedacted || scanner.template() != Array(segment)
  }
}
