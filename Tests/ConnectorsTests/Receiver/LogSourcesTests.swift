import Connectors
import Dataflow
import DataflowTesting
import RawServer
import Testing

/// The sources for logs that others push, each with its real listener.
@Suite("sources of pushed logs")
struct LogSourcesTests {
  private let folder = TestFolder()
  private let runtime = TestRuntime()

  private func config(_ more: [String: Config.Value] = [:]) -> Config {
    Config(["listen": .string("127.0.0.1:0"), "spool": .string(folder.path + "/spool")].merging(more) { $1 })
  }

  /// All messages of what is in the spool, decoded.
  private func drain(_ reader: any SourceReader, until count: Int) async throws -> [[String: String]] {
    let run = OTLPRun()
    for _ in 0..<10_000 where run.rows.count < count {
      let batch = RecordBatch(schema: TopicColumns.schema)
      if case .wait = try reader.poll(batch) { try await Task.sleep(nanoseconds: 1_000_000) }
      // The reader looks for news only so often, by this clock.
      runtime.advance(by: 1_000_000_000)
      try run.feed(TopicHarness.records(batch, partition: 0).map(\.text))
    }
    return run.rows
  }

  @Test("loki, http-logs and syslog give the same fields as otlp, and can be read again")
  func plans() throws {
    let logs = try OTLPSource.plan(config())
    for planned in [try LokiSource.plan(config()), try HTTPLogsSource.plan(config()), try SyslogSource.plan(config())] {
      #expect(planned.isReplayable && !planned.isBounded)
      #expect(planned.decoders.last?.schema == logs.decoders.last?.schema)
    }
  }

  @Test("an offset from UTC that is none is refused when the job is checked")
  func offsets() {
    for offset in ["", "2", "02:00", "+2:00", "+99:00", "+02.00", "+0a:00"] {
      #expect(throws: Diagnostic.self, "\(offset)") { try SyslogSource.plan(config(["utcOffset": .string(offset)])) }
    }
  }

  @Test("syslog by TCP, framed either way, and by UDP is read once: by this run, or by the next from its checkpoint")
  func syslog() async throws {
    // Messages that say no time get that of their arrival, and 1970 is none.
    runtime.advance(by: 1_767_323_045_000_000_000)
    // A receiver that was told to stop may still be writing its last message, and this clock does not wait for it.
    var settings = LocalTopicSettings()
    settings.lockWait = .max
    let client = LocalTopicClient(root: folder.path + "/syslog", settings: settings)
    func open(from positions: [SplitPosition]? = nil) async throws -> (SpoolSourceReader, SyslogReceiver) {
      var receiver: SyslogReceiver?
      let runtime = runtime
      let reader = SpoolSourceReader(client, topic: "syslog", limit: 1 << 30) { spool, _ in
        let made = SyslogReceiver(SyslogReceiver.Options(address: ListenAddress(port: 0)), spool, runtime)
        receiver = made
        return made
      }
      try reader.open(SourceContext(job: "j", id: "s", runtime: runtime))
      if let positions { try reader.restore(positions) }
      let made = try #require(receiver)
      for _ in 0..<5_000 where made.ports.tcp == nil || made.ports.udp == nil { try await Task.sleep(nanoseconds: 1_000_000) }
      return (reader, made)
    }
    let (first, receiver) = try await open()
    let ports = (udp: try #require(receiver.ports.udp), tcp: try #require(receiver.ports.tcp))
    let tcp = try #require(RawClient(port: ports.tcp))
    for number in 0..<50 { tcp.send("<12>a: counted \(number)\n") }
    for number in 0..<50 {
      let message = "<12>a: line \(number)"
      tcp.send("\(message.utf8.count) \(message)")
    }
    for number in 0..<50 { RawClient.sendDatagram("<12>a: datagram \(number)", port: ports.udp) }
    let rows = try await drain(first, until: 150)
    let want = ["counted", "line", "datagram"].flatMap { kind in (0..<50).map { "\(kind) \($0)" } }
    #expect(rows.compactMap { $0["message"] }.sorted() == want.sorted())
    #expect(rows.allSatisfy { $0["service"] == "a" && $0["severity"] == "WARN" })
    let positions = first.positions()
    tcp.send("<12>a: after\n")
    first.close()

    let (second, other) = try await open(from: positions)
    let port = try #require(other.ports.udp)
    RawClient.sendDatagram("<12>a: last", port: port)
    let later = try await drain(second, until: 1)
    #expect(later.compactMap { $0["message"] }.contains("last") || later.compactMap { $0["message"] }.contains("after"))
    #expect(later.allSatisfy { ["last", "after"].contains($0["message"]) })
    second.close()
  }

  @Test("datagrams that the kernel dropped are read from its table")
  func drops() {
    let line = "  481: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 18837 2 0000000000000000 17"
    #expect(UDPDrops.drops(line, 0x158A) == 17 && UDPDrops.drops(line, 1) == nil && UDPDrops.drops("sl local", 1) == nil)
  }
}
