internal import ArgumentParser
internal import Dataflow
internal import Glibc
internal import Operators

/// Tells log lines apart by what kind of message they are.
struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint",
    abstract: "Finds the templates of log lines: one JSON object a line with the line's number, fingerprint and template.",
    discussion: """
      Reads FILE, or standard input when there is none or it is "-", to its end, and then writes for each line
        {"line_no":1,"fingerprint":"0c41…","template":"Accepted password for <*> from <*> port <*> ssh2"}
      Lines of one kind have one fingerprint, whatever order the lines are in. Personal data never shows: it is variable. A line from which it cannot be
      taken out has null for both. Memory: four bytes a line, and the templates.

      EXAMPLES
        sloscout fingerprint app.log
        journalctl -o cat | sloscout fingerprint | jq -r .template | sort | uniq -c | sort -rn | head
        sloscout fingerprint --typed app.log     (<num>, <ip>, <id> … instead of <*>)
        sloscout fingerprint --summary app.log   (one line a template, most frequent first, with "count")

      EXIT CODES
        0 done   1 the file cannot be read, or the output not written   64 wrong usage
      """)

  @Argument(help: "The file to read; \"-\" is standard input.") var file: String?
  @Flag(help: "Say what each variable is: <num>, <ip>, <id> … instead of <*>.") var typed = false
  @Flag(help: "One line a template with how many lines have it, most frequent first, instead of one for each line.") var summary = false

  func run() throws {
    let lines = LineFingerprints()
    do {
      let reader = try LineReader(file ?? "-")
      while let line = try reader.next() { lines.add(line) }
      let writer = OutputWriter()
      if summary { try writeSummary(lines, writer) } else { try writeLines(lines, writer) }
      try writer.flush()
    } catch let error as FileError {
      // Whoever reads us has seen enough (`head`): that is no failure.
      if error.isClosedPipe { return }
      Terminal.error("\(error)")
      throw ExitCode(Exit.failed)
    }
  }

  private func text(_ template: RefinedTemplate) -> [UInt8] { typed ? template.typedText : template.text }

  private func writeLines(_ lines: LineFingerprints, _ writer: OutputWriter) throws {
    var number: Int64 = 0
    let start = Array(#"{"line_no":"#.utf8)
    let nothing = Array(#","fingerprint":null,"template":null}"#.utf8) + [0x0A]
    try lines.forEachLine({ fields($0) + Array("}\n".utf8) }) { rest in
      number += 1
      writer.buffer.append(contentsOf: start)
      TextWriter.append(number, to: &writer.buffer)
      writer.buffer.append(contentsOf: rest ?? nothing)
      try writer.flushIfFull()
    }
  }

  /// `,"fingerprint":"…","template":"…"`
  private func fields(_ template: RefinedTemplate) -> [UInt8] {
    var bytes = Array(#","fingerprint":""#.utf8) + Array(template.id.utf8) + Array(#"","template":"#.utf8)
    TextWriter.append(string: text(template), to: &bytes)
    return bytes
  }

  private func writeSummary(_ lines: LineFingerprints, _ writer: OutputWriter) throws {
    var numbers: [RefinedTemplate: Int] = [:]
    var counts: [Int] = []
    let number = { (template: RefinedTemplate) in
      if let known = numbers[template] { return known }
      numbers[template] = counts.count
      counts.append(0)
      return counts.count - 1
    }
    lines.forEachLine(number) { number in if let number { counts[number] += 1 } }
    let found = numbers.map { (template: $0.key, count: counts[$0.value]) }.filter { $0.count > 0 }
    let sorted = found.sorted { ($1.count, $0.template.fingerprint) < ($0.count, $1.template.fingerprint) }
    for (template, count) in sorted {
      writer.buffer.append(contentsOf: #"{"count":"#.utf8)
      TextWriter.append(Int64(count), to: &writer.buffer)
      writer.buffer.append(contentsOf: fields(template) + Array("}\n".utf8))
      try writer.flushIfFull()
    }
  }
}
