internal import Dataflow

/// One syslog message, taken apart: RFC 5424 or RFC 3164 (also with the RFC 3339 time of newer senders), told apart by what stands behind the priority.
///
/// Every text is a message: what cannot be taken apart is all body, as RFC 3164 wants it of a relay. Views are into the text. Pure.
struct SyslogMessage {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  var priority = SyslogPriority.none
  /// Nanoseconds since 1970; nil where the message says none that can be read.
  var time: Int64?
  var host: Bytes?
  /// The name of the application, or the tag.
  var application: Bytes?
  var process: Bytes?
  var identifier: Bytes?
  /// From the first bracket to the last one; nil for none.
  var structuredData: Bytes?
  var body: Bytes

  /// What a time without a year or an offset is read with.
  struct Clock {
    /// When the message came, nanoseconds since 1970.
    var now: Int64
    /// Seconds that the senders' clocks are ahead of UTC.
    var offset: Int64
  }

  init(_ text: Bytes, _ clock: Clock) {
    var scan = SyslogScan(text)
    body = text
    guard let priority = scan.priority() else { return }
    self.priority = priority
    body = scan.rest
    var attempt = scan
    if attempt.version(), take5424(&attempt) { return }
    attempt = scan
    take3164(&attempt, clock)
  }

  /// `TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]`, a dash for what is not there. False when it is not that.
  private mutating func take5424(_ scan: inout SyslogScan) -> Bool {
    guard let time = scan.word(), let host = scan.word(), let application = scan.word(), let process = scan.word(),
      let identifier = scan.word()
    else { return false }
    var nanoseconds: Int64?
    if !Self.isNone(time) {
      guard let known = RFC3339.parse(time) else { return false }
      nanoseconds = known
    }
    guard let data = scan.structuredData() else { return false }
    self.time = nanoseconds
    self.host = Self.value(host)
    self.application = Self.value(application)
    self.process = Self.value(process)
    self.identifier = Self.value(identifier)
    structuredData = Self.value(data)
    scan.skip(UInt8(ascii: " "))
    scan.skipByteOrderMark()
    body = scan.rest
    return true
  }

  /// `Mmm dd hh:mm:ss HOSTNAME TAG[PID]: CONTENT`. Parts that are not there are passed over.
  private mutating func take3164(_ scan: inout SyslogScan, _ clock: Clock) {
    guard let time = scan.oldTime(clock) ?? scan.newTime() else {
      // No time: then no host either, only perhaps a tag.
      takeTag(&scan)
      return
    }
    self.time = time
    let before = scan
    // A host is followed by a tag; a tag alone ends with a colon or a bracket.
    if let word = scan.word(), word.last != UInt8(ascii: ":"), !word.contains(UInt8(ascii: "[")) { host = word } else { scan = before }
    body = scan.rest
    takeTag(&scan)
  }

  private mutating func takeTag(_ scan: inout SyslogScan) {
    guard let (name, process) = scan.tag() else { return }
    application = name
    self.process = process
    body = scan.rest
  }

  private static func isNone(_ word: Bytes) -> Bool { word.count == 1 && word[0] == UInt8(ascii: "-") }
  private static func value(_ word: Bytes) -> Bytes? { isNone(word) ? nil : word }
}
