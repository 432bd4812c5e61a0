internal import Dataflow

/// What jobs ask for besides: further fields, words and patterns of their own, texts that cannot be redacted.
extension RedactPII {
  /// What stands in the place of a text whose personal data cannot be taken out.
  private static var unredactable: ByteView {
    let text: StaticString = "<unredactable>"
    return ByteView(base: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// What was taken out, by type and by the names of words and patterns; those that were not found are left out.
  public var counts: [(name: String, count: Int)] {
    let types = PIIType.allCases.map { (name: $0.name, count: redacted[$0]) }
    let own = zip(patterns?.names ?? [], matched).map { (name: $0, count: $1) }
    return (types + own).filter { $0.count > 0 }
  }

  /// Copies the texts into the column of the redacted ones, without the words and patterns of the job.
  func markPatterns(_ batch: RecordBatch) {
    guard let patterns else { return }
    let source = batch.bytes(input)
    let texts = batch.bytes(text)
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      texts[row] = source[row]
      if source[row].isNull { continue }
      let buffer = source[row].buffer
      let matches = patterns.matches(in: buffer)
      if matches.isEmpty { continue }
      for match in matches { matched[match.pattern] += 1 }
      let count = patterns.count(buffer, matches)
      let target = batch.allocate(count)
      patterns.write(buffer, matches, to: target)
      texts[row] = ByteView(base: target, count: count)
    }
  }

  /// Redacts the other fields. Answers whether one of them could not be.
  func redactOthers(_ batch: RecordBatch) -> Bool {
    guard let otherRedactor else { return false }
    var hasFailures = false
    for (from, to) in others {
      let (source, target) = (batch.bytes(from), batch.bytes(to))
      for i in 0..<batch.selectedCount {
        let row = Int(batch.selection[i])
        target[row] = .null
        if source[row].isNull { continue }
        guard let redacted = otherRedactor.redact(source[row].buffer) else {
          hasFailures = true
          continue
        }
        let findings = otherRedactor.findings
        target[row] = findings.isEmpty ? source[row] : redacted.withUnsafeBufferPointer { batch.copy($0) }
        for finding in findings { count(finding) }
      }
    }
    return hasFailures
  }

  private func count(_ finding: TextRedactor.Finding) {
    if let type = finding.type {
      tallies[Int(type.rawValue)] += 1
    } else if let index = patterns?.names.firstIndex(of: finding.name) {
      matched[index] += 1
    }
  }

  /// Rows that had a text and have none now are refused, or get a text that says so.
  func dropFailures(_ batch: RecordBatch, _ output: Output) throws {
    let fields = [(from: input, to: text)] + others
    try batch.filterSelection { row in
      for (from, to) in fields where batch.bytes(to)[row].isNull && !batch.bytes(from)[row].isNull {
        guard blanks else {
          try output.fail(batch, row: row, reason: "redaction-failed")
          return false
        }
        batch.bytes(to)[row] = Self.unredactable
      }
      return true
    }
  }
}
