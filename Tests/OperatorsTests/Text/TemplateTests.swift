import Dataflow
import Operators
import Testing

/// Tokens and the placeholders they get.
@Suite("templates")
struct TemplateTests {
  @Test(
    "show a placeholder for each variable part",
    arguments: [
      // Numbers.
      ("took 12 tries", "took <num> tries"), ("at -17.5 now", "at <num> now"), ("x=0x1F y=0XAB", "x=<num> y=<num>"),
      ("iar 003a90fc dear deadbeef1", "iar <num> dear <num>"), ("done 55% of 1.2.3", "done <num>% of <num>"),
      ("call #12: retry 3/5", "call #<num>: retry <num>"),
      ("node-129 core.2275 HTTP/1.1", "node-<num> core.<num> HTTP/<num>"), ("enable......0", "enable......<num>"),
      ("heap 512M->128M(1024M)", "heap <size>-><size>(<size>)"),
      ("[0x1f] @0x2e (3)", "[<num>] @<num> (<num>)"), ("temp 41C fan 2x", "temp <num> fan <num>"),
      // Quantities.
      ("in 12ms", "in <duration>"), ("in 1h30m or 2.5s", "in <duration> or <duration>"), ("size=512MB", "size=<size>"),
      // Times.
      ("at 2025-12-02T05:04:10.123Z ok", "at <time> ok"), ("at 2025-12-02 05:04:10 ok", "at <time> ok"),
      ("on 2025/12/02, 10:11", "on <time>, <time>"),
      ("<134>Nov  3 10:11:12 fw", "<<num>><time> fw"), ("[03/Nov/2023:10:11:12 +0000] x", "[<time>] x"),
      ("Fri Jul 01 08:16:53 PDT 2005 x", "<time> x"),
      ("Sun, 06 Nov 1994 08:49:37 GMT", "<time>"), ("took 00:01:37", "took <time>"),
      // Names and addresses.
      ("blk_-38865049064139660 up", "<id> up"), ("pod web-7d9c5b8f6-x2x9z", "pod <id>"), ("uid u1048575", "uid <id>"),
      ("id 1088d013-7822-57bf-fb6a-af423e6ed8c4", "id <uuid>"),
      ("peer 127.0.0.1:80 /127.0.0.1:80", "peer <ip>"), ("peer ::1 x", "peer <ip> x"), ("host msra-sa-41:9000", "host <id>"),
      ("jar com.acme.C@7f31245a", "jar <id>"),
      ("ssh2 p99 x86_64 sha256 eth0", "ssh2 p99 x86_64 sha256 eth0"),
      // URLs and paths.
      ("GET /a/b?x=1 200", "GET <path> <num>"), ("open C:\\etc\\x.yaml failed", "open <path> failed"),
      ("from s3://b/k/12.gz.", "from <url>."), ("see ./run or ~/x", "see <path> or <path>"),
      ("and/or I/O 24/7", "and/or I/O <num>"),
      // Values.
      ("state=OPEN ok=true x=null", "state=<value> ok=<value> x=<value>"), ("tag=\"View Lock\", n=1", "tag=\"<value>\", n=<num>"),
      ("overlap:false", "overlap:<value>"),
      ("bounds=Rect(1, 2)", "bounds=Rect(<num>, <num>)"), ("a == b, c => d", "a == b, c => d"), ("mask=ffffffff", "mask=<num>"),
      // Lists and padding.
      ("to blk_1123 blk_2234 blk_3345", "to <id>"), ("via 127.0.0.1,127.0.0.2, 127.0.0.3", "via <ip>"),
      ("col    5 of   12", "col <num> of <num>"),
      ("Failed password for root from 127.0.0.1 port 7", "Failed password for <value> from <ip> port <num>"),
      // Plain text.
      ("nothing to see, move on.", "nothing to see, move on."), ("", ""), (" ", " "), ("登录成功123次", "登录成功<num>次"),
      ("\u{0}1\u{0}", "\u{0}<num>\u{0}"),
    ])
  func placeholders(text: String, template: String) {
    #expect(ScannedText(text).template == template)
  }

  @Test("are their own template: what was rendered scans to the same shape", arguments: 0..<10)
  func renderedTemplatesKeepTheirShape(seed: Int) {
    let variables = ["<num>", "<id>", "<uuid>", "<time>", "<ip>", "<email>", "<card>", "<duration>"]
    var random = SplitMix(seed: UInt64(seed))
    for _ in 0..<500 {
      let text = (0..<6).map { _ in random.next() % 2 == 0 ? "word" : variables[Int(random.next() % UInt64(variables.count))] }.joined(
        separator: " is ")
      let scanned = ScannedText(text)
      #expect(scanned.template == text && ScannedText(scanned.template).shape == scanned.shape)
    }
  }

  @Test("end with an ellipsis when they would be long, and stay valid text")
  func cut() {
    let template = ScannedText(String(repeating: "ä登录", count: 1_000)).template
    #expect(template.utf8.count <= 2048 + 3 && template.hasSuffix("…") && !template.contains("\u{fffd}"))
  }

  @Test("shapes are the same in every process: the version is part of the id")
  func stable() {
    // Written down once. When this changes, `TextScanner.version` must have been raised.
    let shape = ScannedText("user bob took 12 ms").shape
    #expect(TextScanner.version == 2)
    #expect(String(shape.high, radix: 16) + " " + String(shape.low, radix: 16) == "c5db2a68eb41be08 21bf9ee7bf4b0dde")
  }
}
