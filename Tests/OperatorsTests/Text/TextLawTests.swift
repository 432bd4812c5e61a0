import Dataflow
import Operators
import Testing

/// Laws of the scanner on strings made of hostile pieces.
@Suite("text scanner laws")
struct TextLawTests {
  @Test("redacting changes neither the shape nor, a second time, the text", arguments: 0..<40)
  func redactionLaws(seed: Int) {
    var pieces = HostilePieces(seed: UInt64(seed))
    let scanner = TextScanner()
    for _ in 0..<1_500 {
      let text = pieces.text()
      let first = ScannedText(text, scanner)
      let second = ScannedText(first.redacted, scanner)
      #expect(first.shape == second.shape, "seed \(seed): \(text.debugDescription) -> \(first.redactedText.debugDescription)")
      #expect(second.redacted == first.redacted, "seed \(seed): \(text.debugDescription) -> \(first.redactedText.debugDescription)")
      #expect(first.template == second.template, "seed \(seed): \(text.debugDescription)")
    }
  }

  @Test("spans are ascending, apart and inside the text", arguments: 0..<10)
  func spansAreOrdered(seed: Int) {
    var pieces = HostilePieces(seed: UInt64(1_000 + seed))
    let scanner = TextScanner()
    for _ in 0..<2_000 {
      let text = pieces.text()
      var last: UInt32 = 0
      for span in ScannedText(text, scanner).spans {
        #expect(
          span.start >= last && span.start < span.end && span.end <= UInt32(text.utf8.count), "seed \(seed): \(text.debugDescription)")
        last = span.end
      }
    }
  }

  @Test("equal shapes have equal templates", arguments: 0..<10)
  func templatesFollowShapes(seed: Int) {
    var pieces = HostilePieces(seed: UInt64(2_000 + seed))
    let scanner = TextScanner()
    var templates: [KeyHash: String] = [:]
    for _ in 0..<2_000 {
      let scanned = ScannedText(pieces.text(), scanner)
      if let known = templates[scanned.shape] { #expect(known == scanned.template, "seed \(seed)") }
      templates[scanned.shape] = scanned.template
    }
  }

  @Test("nothing outside the text is read or matters", arguments: 0..<10)
  func surroundingsDoNotMatter(seed: Int) {
    var pieces = HostilePieces(seed: UInt64(3_000 + seed))
    let scanner = TextScanner()
    for _ in 0..<1_000 {
      let text = Array(pieces.text().utf8)
      let alone = ScannedText(text, scanner)
      var frame = Array("1a<:/=@9".utf8)
      let offset = frame.count
      frame += text
      frame += Array("9/:=<@a1".utf8)
      let inside = frame.withUnsafeBufferPointer { ScannedText(UnsafeBufferPointer(rebasing: $0[offset..<offset + text.count]), scanner) }
      #expect(alone.shape == inside.shape && alone.spans == inside.spans, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test("any bytes at all can be scanned", arguments: 0..<10)
  func anyBytes(seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    let scanner = TextScanner()
    for _ in 0..<2_000 {
      let bytes = (0..<Int(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let first = ScannedText(bytes, scanner)
      let second = ScannedText(first.redacted, scanner)
      #expect(first.shape == second.shape && first.redacted == second.redacted, "seed \(seed): \(bytes)")
    }
  }
}
