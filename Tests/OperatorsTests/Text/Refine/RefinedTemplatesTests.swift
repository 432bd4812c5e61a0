import Operators
import Testing

/// What shapes become together.
@Suite("refined templates")
struct RefinedTemplatesTests {
  private func templates(_ lines: [String]) -> [String] {
    let shapes = ScannedShapes(lines)
    return shapes.texts(shapes.map(shapes.lines).refined())
  }

  /// The one template that all lines have, or all of them.
  private func template(_ lines: [String]) -> String { Set(templates(lines)).sorted().joined(separator: "\n| ") }

  @Test(
    "make variables of what varies",
    arguments: [
      // Two words that may be names.
      (["loaded a.b.Reader twice", "loaded a.c.Writer twice"], "loaded <*> twice"),
      (["queue web_orders is empty", "queue batch_orders is empty"], "queue <*> is empty"),
      (["shell for root closed", "shell for admin closed"], "shell for <*> closed"),
      // One that may be is none yet.
      (["loaded a.b.Reader twice", "loaded a.b.Reader twice"], "loaded a.b.Reader twice"),
      // A name and what the scanner knows to be variable.
      (["host web-7f3a91 went away", "host db.internal went away"], "host <*> went away"),
      // Three plain words behind one that a name follows, or in quotes.
      (["no such user bob here", "no such user eve here", "no such user mia here"], "no such user <*> here"),
      (["pool 'left' is full", "pool 'right' is full", "pool 'middle' is full"], "pool '<*>' is full"),
      // Three behind a colon at the end.
      (["copy of disk failed: busy", "copy of disk failed: gone", "copy of disk failed: locked"], "copy of disk failed: <*>"),
      // Flags always.
      (["cache enabled true now"], "cache enabled <*> now"),
      // A template that says less takes in what says the same with more.
      (
        ["the old value of knob is 5 and stays", "the old value of knob is unlimited and stays"],
        "the old value of knob is <*> and stays"
      ),
      (["call(12) gave nothing new today", "call() gave nothing new today"], "call(<*>) gave nothing new today"),
      (
        ["auth failed: user= tty=ssh rhost=10.1.2.3", "auth failed: user=bob tty=ssh rhost=10.1.2.3"],
        "auth failed: user=<*> tty=<*> rhost=<*>"
      ),
      // Values of keys that are made of several pieces.
      (["lock taken ws=null uid=1", "lock taken ws=WorkSource{10113} uid=1"], "lock taken ws=<*> uid=<*>"),
      (["bounds=[0,5][10,20] done"], "bounds=<*> done"), (["pools=[spare] done"], "pools=<*> done"),
      // Glued variables.
      (["see a1b2c3:d4e5f6 there"], "see <*> there"), (["dial mail.example.org:25 now"], "dial <*> now"),
      // Lists of different lengths.
      (["isr 1 updated", "isr 1, 2 updated", "isr 1, 2, 3 updated"], "isr <*> updated"),
      (["(stack @0x1f @0x2f @0x3f)", "(stack @0x1f @0x2f @0x3f @0x4f @0x5f)"], "(stack @<*>)"),
      // Quantities.
      (["up for <1 sec now", "up for 00:17 now"], "up for <*> now"),
      (["got 403 bytes (427 B) back", "got 2 bytes back", "got 5403 bytes (5.42 KB) back"], "got <*> bytes back"),
      (["got 403 bytes (427 B) back"], "got <*> bytes (<*> B) back"),
      // Browsers and other programs.
      (
        ["10.1.1.1 \"GET /a HTTP/1.1\" 200 \"curl/8.4\"", "10.1.1.1 \"GET /b HTTP/1.1\" 500 \"Mozilla/5.0 (X11; Linux)\""],
        "<*> \"GET <*> HTTP/<*>\" <*> \"<*>\""
      ),
      // Other scripts.
      (["用户12登录成功", "用户7登录成功"], "用户<*>登录成功"), (["не удалось открыть a.txt", "не удалось открыть b.txt"], "не удалось открыть <*>"),
    ])
  func variables(lines: [String], template: String) {
    #expect(self.template(lines) == template)
  }

  @Test(
    "keep apart what says something else",
    arguments: [
      ["service started", "service stopped"], ["VM Paused (event)", "VM Resumed (event)", "VM Started (event)", "VM Stopped (event)"],
      ["data cache parity error", "instruction cache parity error"], ["GET failed", "POST failed"],
      ["moved from NEW to READY", "moved from READY to DONE", "moved from DONE to GONE"],
      ["cpu_idle=4", "mem_free=5"], ["level=info msg=\"starting up\" n=1", "level=info msg=\"shutting down\" n=1"],
      ["{\"level\":30,\"msg\":\"server up\"}", "{\"level\":30,\"msg\":\"server down\"}"],
    ])
  func apart(lines: [String]) {
    #expect(Set(templates(lines)).count == lines.count)
  }

  @Test("records of keys and values: keys stay, values are variable, the message stays")
  func records() {
    #expect(
      template([
        "{\"level\":30,\"host\":\"mars\",\"msg\":\"slow disk\",\"ms\":12}",
        "{\"level\":40,\"host\":\"venus\",\"msg\":\"slow disk\",\"ms\":7}",
      ])
        == "{\"level\":<*>,\"host\":\"<*>\",\"msg\":\"slow disk\",\"ms\":<*>}")
    #expect(
      template(["level=info msg=\"slow disk\" host=mars ms=12", "level=warn msg=\"slow disk\" host=venus ms=7"])
        == "level=<*> msg=\"slow disk\" host=<*> ms=<*>")
  }

  @Test("stack traces of any depth are one template, with what was thrown")
  func stackTraces() {
    let java = { (depth: Int) in "boom: bad state" + (0..<depth).map { "\n\tat com.acme.A.run\($0)(A.java:\($0))" }.joined() }
    #expect(template([java(1), java(2), java(17)]) == "boom: bad state\n<*>")
    let python = { (depth: Int) in
      "Traceback (most recent call last):" + (0..<depth).map { "\n  File \"/a/\($0).py\", line \($0), in run\n    go()" }.joined()
        + "\nValueError: bad"
    }
    #expect(template([python(1), python(2), python(9)]) == "Traceback (most recent call last):\n<*>\nValueError: bad")
  }

  @Test("lines of any length are one template when they begin alike for two thousand bytes")
  func longLines() {
    let long = { (tail: String) in "dump " + String(repeating: "of things ", count: 400) + tail }
    #expect(Set(templates([long("a"), long("b"), "dump"])).count == 2)
    let atom = String(repeating: "x9", count: 100_000)
    #expect(template(["got \(atom) there", "got \(atom)x there"]) == "got <*> there")
  }

  @Test("a written template has the fingerprint of what it was made from, also when it is scanned as a message")
  func fixedPoint() {
    let scanner = TextScanner()
    for system in LogSystems.all {
      let shapes = ScannedShapes(system.lines(seed: 3).map(\.text))
      let refined = shapes.map(shapes.lines).refined()
      for template in refined.templates {
        for text in [template.text, template.typedText] {
          let scanned = ScannedText(text, scanner)
          let again = refined.template(of: scanned.shape, template: Array(scanned.template.utf8))
          #expect(again == template && refined.refine(text) == template, "\(system.name): \(String(decoding: text, as: UTF8.self))")
        }
      }
    }
  }

  @Test("fingerprints are the same in every process: the version is part of them")
  func stable() {
    // Written down once. When this changes, `ShapeMap.version` must have been raised.
    let shapes = ScannedShapes(["user bob took 12 ms"])
    #expect(ShapeMap.version == 1)
    #expect(shapes.map(shapes.lines).refined().templates.map(\.id) == ["6b5086dd2b2e8abfd40d25009ec8d898"])
  }

  @Test("what is invented is found: grouping accuracy 0.97, its F1 0.92, template F1 0.85 at least, mean over invented systems")
  func inventedSystems() {
    var scores: [TemplateScore] = []
    for system in LogSystems.all {
      let lines = system.lines(seed: 7)
      let found = templates(lines.map(\.text))
      let score = TemplateScore(
        zip(lines, found).map { (group: "\($0.message)", template: system.template($0.message), predicted: $1, predictedTemplate: $1) })
      scores.append(score)
    }
    let mean = TemplateScore.mean(scores)
    #expect(mean.accuracy >= 0.97)
    #expect(mean.groupF1 >= 0.92)
    #expect(mean.templateF1 >= 0.85)
  }
}
