internal import ArgumentParser
internal import Dataflow
internal import Foundation
internal import Operators

/// Takes personal data and secrets out of lines.
struct RedactCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redact", abstract: "Takes personal data and secrets out of lines of text.",
    discussion: """
      Lines in, the same lines out, with tags such as <email> in the places of values. With --spans nothing is changed: for every line stands what was
      found, as JSON with byte offsets. It is the scanner of the operator redact-pii, with the same options.

      EXAMPLES
        sloscout redact app.log > clean.log
        journalctl | sloscout redact
        sloscout redact --spans app.log                        {"line_no":1,"spans":[{"start":8,"end":19,"type":"EMAIL"}]}
        sloscout redact --type email --type credit-card app.log
        sloscout redact --policy ipv4=keep --policy email=drop app.log
        PSEUDONYM_KEY=$(openssl rand -hex 32) sloscout redact --policy email=pseudonym app.log
        sloscout redact --allow support@example.com --deny 'Project Nightfall' --pattern 'employee=E-\\d{6}' app.log

      Exit code 1 when a line could not be redacted: it is left out, and its number said.
      """)

  @Argument(help: "The file to read; standard input when there is none, or for -.") var file: String?
  @Flag(help: "JSON lines of what was found, in bytes, instead of text.") var spans = false
  @Option(name: .customLong("type"), help: "Only this type (repeatable): \(PIIType.allCases.map(\.name).joined(separator: ", ")).")
  var types: [String] = []
  @Option(name: .customLong("policy"), help: "TYPE=tag, pseudonym, drop or keep (repeatable).") var policies: [String] = []
  @Option(help: "A value that stays (repeatable).") var allow: [String] = []
  @Option(help: "An expression for values that stay (repeatable).") var allowPattern: [String] = []
  @Option(help: "A word that is always taken out (repeatable).") var deny: [String] = []
  @Option(name: .customLong("pattern"), help: "NAME=REGEX: what else is taken out, as <NAME> (repeatable).") var patterns: [String] = []

  func run() throws {
    let redactor = TextRedactor(try options())
    let path = file ?? "-"
    guard let input = path == "-" ? fdopen(0, "r") : fopen(path, "r"), let output = fdopen(1, "w") else {
      Terminal.error("\(path): \(String(cString: strerror(errno)))")
      throw ExitCode(Exit.failed)
    }
    var lines = LineLoop(input)
    var refused = 0
    while let line = lines.next() {
      let redacted = redactor.redact(line)
      if redacted == nil {
        refused += 1
        Terminal.error("line \(lines.number) cannot be redacted and is left out")
      }
      guard let redacted else { continue }
      if spans {
        write(redactor.findings, lines.number, output)
      } else {
        write(redacted, endsLine: lines.endedLine, output)
      }
    }
    fflush(output)
    if refused > 0 { throw ExitCode(Exit.failed) }
  }

  private func write(_ bytes: [UInt8], endsLine: Bool, _ output: UnsafeMutablePointer<FILE>) {
    fwrite(bytes, 1, bytes.count, output)
    if endsLine { putc(10, output) }
  }

  private func write(_ findings: [TextRedactor.Finding], _ line: Int, _ output: UnsafeMutablePointer<FILE>) {
    let spans = findings.map { finding in
      "{\"start\":\(finding.range.lowerBound),\"end\":\(finding.range.upperBound),\"type\":\"\(finding.type?.label ?? finding.name)\"}"
    }
    write(Array("{\"line_no\":\(line),\"spans\":[\(spans.joined(separator: ","))]}".utf8), endsLine: true, output)
  }

  /// The options as the operator reads them. Throws `ValidationError`.
  private func options() throws -> RedactionOptions {
    var values: [String: Config.Value] = [:]
    for type in types where PIIType(name: type) == nil { throw ValidationError("there is no type \"\(type)\"") }
    if !types.isEmpty { values["types"] = .list(types.map { .string($0) }) }
    values["policies"] = .map(try policies.map { try pair($0, "--policy") }.map { (key: $0, value: .string($1)) })
    for (_, value) in values["policies"].flatMap({ if case .map(let entries) = $0 { entries } else { nil } }) ?? [] {
      guard case .string(let text) = value, RedactionPolicy(rawValue: text) != nil else {
        throw ValidationError("--policy is TYPE=tag, TYPE=pseudonym, TYPE=drop or TYPE=keep")
      }
    }
    values["allow"] = .list(allow.map { .string($0) })
    values["allowPatterns"] = .list(allowPattern.map { .string($0) })
    values["deny"] = .list(deny.map { .string($0) })
    values["patterns"] = .list(
      try patterns.map { try pair($0, "--pattern") }.map { .object(Config(["name": .string($0), "regex": .string($1)])) })
    if let key = ProcessInfo.processInfo.environment["PSEUDONYM_KEY"] { values["pseudonymKey"] = .string(key) }
    do { return try RedactionOptions(Config(values)) } catch let diagnostic as Diagnostic {
      let hint = diagnostic.code == "redact.key" ? "set PSEUDONYM_KEY, of 16 bytes or more" : diagnostic.hint
      throw ValidationError(hint.isEmpty ? diagnostic.message : "\(diagnostic.message): \(hint)")
    }
  }

  private func pair(_ text: String, _ option: String) throws -> (String, String) {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
      throw ValidationError("\(option) is NAME=VALUE, not \"\(text)\"")
    }
    return (String(text[..<sign]), String(text[text.index(after: sign)...]))
  }
}

/// The lines of a file, of any length, without their ends.
private struct LineLoop {
  private let file: UnsafeMutablePointer<FILE>
  private var buffer: UnsafeMutablePointer<CChar>?
  private var capacity = 0
  /// The number of the last line, from 1.
  private(set) var number = 0
  /// Whether the last line had an end: the last one of a file may have none.
  private(set) var endedLine = false

  init(_ file: UnsafeMutablePointer<FILE>) { self.file = file }

  /// The next line; valid until the one after it. Nil at the end.
  mutating func next() -> UnsafeBufferPointer<UInt8>? {
    let count = getline(&buffer, &capacity, file)
    guard count > 0, let buffer else { return nil }
    number += 1
    endedLine = buffer[count - 1] == 10
    let bytes = UnsafeRawPointer(buffer).assumingMemoryBound(to: UInt8.self)
    return UnsafeBufferPointer(start: bytes, count: endedLine ? count - 1 : count)
  }
}
