import Dataflow
import Operators

/// Lines as shapes and the templates that the scanner writes for them.
struct ScannedShapes {
  /// In the order of the lines.
  private(set) var lines: [KeyHash] = []
  private(set) var templates: [KeyHash: [UInt8]] = [:]

  init(_ texts: [String]) {
    let scanner = TextScanner()
    for text in texts {
      let scanned = ScannedText(text, scanner)
      lines.append(scanned.shape)
      templates[scanned.shape] = Array(scanned.template.utf8)
    }
  }

  /// A map of some of the lines.
  func map(_ lines: some Sequence<KeyHash>, limit: Int = ShapeMap.defaultLimit) -> ShapeMap {
    var map = ShapeMap(limit: limit)
    add(lines, to: &map)
    return map
  }

  func add(_ lines: some Sequence<KeyHash>, to map: inout ShapeMap) {
    for line in lines { map.add(line, template: templates[line] ?? []) }
  }

  /// What each line's template is in the end.
  func texts(_ refined: RefinedTemplates) -> [String] {
    lines.map { String(decoding: refined.template(of: $0, template: templates[$0] ?? []).text, as: UTF8.self) }
  }
}

extension ShapeMap {
  /// The map as it comes back from a checkpoint.
  func reloaded() throws -> ShapeMap {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return try bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      return try ShapeMap(from: &reader)
    }
  }

  /// The map as bytes: equal for equal maps.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }
}
