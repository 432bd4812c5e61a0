import Operators
import PlantedData
import Testing

/// The scanner on forms that logs have, some five hundred with personal data and four hundred without, filled with values made for each seed.
@Suite("corpus of forms")
struct CorpusTests {
  @Test("every type is found with precision and recall of 0.97 at least, F1 0.99, 0.5 % leaked, clean lines untouched")
  func quality() throws {
    let scanner = TextScanner()
    var score = DetectionScore()
    for file in PlantedCorpus.files {
      for form in try PlantedCorpus.forms(file) {
        for seed in 0..<10 as Range<UInt64> {
          let planted = PlantedCorpus.text(form, seed: seed)
          score.add(planted, found: ScannedText(planted.bytes, scanner).spans)
        }
      }
    }
    for (type, counts) in score.types {
      #expect(counts.precision >= 0.97 && counts.recall >= 0.97, "\(type): \(counts)")
    }
    #expect(score.f1 >= 0.99 && score.leaked <= 0.005 && score.damaged <= 0.005 && score.clean >= 0.995, "\(score.table)")
    if score.f1 < 0.99 { print(score.complaints.prefix(40).joined(separator: "\n")) }
  }

  @Test("numbers that run the business stay as they are: every status code, duration, port, count and id of lines without personal data")
  func harmlessNumbers() throws {
    let scanner = TextScanner()
    var texts = 0
    var touched: [String] = []
    for form in try PlantedCorpus.forms("clean") where form.contains("⟦") {
      for seed in 100..<150 as Range<UInt64> {
        let planted = PlantedCorpus.text(form, seed: seed)
        texts += 1
        if !ScannedText(planted.bytes, scanner).spans.isEmpty { touched.append(planted.text) }
      }
    }
    #expect(Double(touched.count) <= 0.005 * Double(texts), "\(touched.prefix(10))")
  }

  @Test("redaction changes neither the shape nor, a second time, the text; and it leaves nothing of the value")
  func laws() throws {
    let scanner = TextScanner()
    for file in PlantedCorpus.files {
      for form in try PlantedCorpus.forms(file) {
        for seed in 0..<3 as Range<UInt64> {
          let planted = PlantedCorpus.text(form, seed: seed)
          let first = ScannedText(planted.bytes, scanner)
          let second = ScannedText(first.redacted, scanner)
          #expect(first.shape == second.shape && second.redacted == first.redacted, "seed \(seed): \(planted.text)")
        }
      }
    }
  }

  @Test("a name behind a word that names it is found wherever it stands")
  func namesAnywhere() {
    for count in 0...200 {
      let text = String(repeating: "x", count: count) + " of holder Anna Keller and "
      #expect(ScannedText(text).findings == ["person:Anna Keller"], "\(count)")
      #expect(ScannedText(String(repeating: " ", count: count) + "behalf of Anna Keller").findings == ["person:Anna Keller"], "\(count)")
    }
  }

  @Test("a text inside of a JSON document is redacted as it stands there, quotes and line ends escaped, the end missing")
  func escaped() throws {
    let scanner = TextScanner()
    for form in try PlantedCorpus.planted.flatMap(PlantedCorpus.forms) {
      let planted = PlantedCorpus.text(form, seed: 77)
      let document = Array(#"{"event_id":"e","message":\#(PlantedTelemetry.quoted(planted.text))"#.utf8)
      let redacted = ScannedText(document, scanner).redactedText
      for span in planted.spans where span.range.count >= 4 {
        for line in planted.text(of: span).split(separator: "\n") { #expect(!redacted.contains(line), "\(redacted)") }
      }
    }
  }
}
