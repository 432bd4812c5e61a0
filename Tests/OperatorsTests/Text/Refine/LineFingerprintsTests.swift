import Operators
import Testing

@Suite("fingerprints of lines")
struct LineFingerprintsTests {
  private func templates(_ lines: [String], limit: Int = LineFingerprints.defaultShapeLimit) -> [String?] {
    let fingerprints = LineFingerprints(shapeLimit: limit)
    for line in lines { Array(line.utf8).withUnsafeBufferPointer { fingerprints.add($0) } }
    var result: [String?] = []
    fingerprints.forEachLine({ String(decoding: $0.text, as: UTF8.self) }) { result.append($0) }
    return result
  }

  @Test("each line has the template that all lines together make, in order")
  func lines() {
    #expect(
      templates(["no such user bob", "disk full", "no such user eve", "no such user mia", "", "disk full"])
        == ["no such user <*>", "disk full", "no such user <*>", "no such user <*>", "", "disk full"])
  }

  @Test("kinds beyond the limit are one")
  func limit() {
    #expect(
      templates(["one thing", "another thing", "a third thing", "one thing"], limit: 2) == [
        "one thing", "another thing", "<*>", "one thing",
      ])
  }

  @Test("personal data shows nowhere")
  func personalData() {
    #expect(templates(["mail to bob@example.com card 4111 1111 1111 1111"]) == ["mail to <*> card <*>"])
  }
}
