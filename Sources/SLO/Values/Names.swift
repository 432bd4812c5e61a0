/// Names that other systems take.
package enum Names {
  /// For OpenSLO and Kubernetes: lower-case letters, digits and hyphens, at most 63, first and last no hyphen. A name that had to be cut ends with a
  /// part of its digest, so that two of them stay two.
  package static func label(_ text: String) -> String {
    var name = ""
    for byte in text.lowercased().utf8 {
      switch byte {
      case 0x30...0x39, 0x61...0x7A: name.unicodeScalars.append(Unicode.Scalar(byte))
      default: if !name.hasSuffix("-") { name += "-" }
      }
    }
    while name.hasPrefix("-") { name.removeFirst() }
    while name.hasSuffix("-") { name.removeLast() }
    if name.isEmpty { return "x" + Digest.sha256(Array(text.utf8)).prefix(8) }
    guard name.utf8.count > 63 else { return name }
    var cut = String(name.prefix(54))
    while cut.hasSuffix("-") { cut.removeLast() }
    return cut + "-" + Digest.sha256(Array(text.utf8)).prefix(8)
  }

  /// For alerts: `travel-query` becomes `TravelQuery`.
  package static func camel(_ slug: String) -> String {
    let joined = slug.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    guard let first = joined.first else { return "Journey" }
    return first.isNumber ? "Journey" + joined : joined
  }
}
