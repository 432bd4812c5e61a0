internal import Dataflow
internal import FakeCatalog
internal import Jobs
internal import Testing

@Suite struct PlannerTests {
  static func job(_ body: String, _ head: String = "") -> String {
    "apiVersion: sloscout/v1\nkind: Job\nmetadata: { name: x }\nspec:\n\(head)\(body)"
  }

  static let lines = "  sources:\n    lines: { type: file, config: { path: in }, time: { field: timestamp } }\n"

  @Test("defaults are those of the engine")
  func defaults() throws {
    let loaded = Loader.load(Loader.job(path: "in.jsonl"))
    let job = try #require(loaded.jobs.first)
    #expect(job.graph.parallelism == 1)
    #expect(job.graph.guarantee == .exactlyOnce)
    #expect(job.graph.checkpoint == CheckpointPolicy())
    #expect(job.graph.restart == RestartPolicy())
    #expect(job.definition.state == .running)
    #expect(job.definition.upgrade == .checkpoint)
    #expect(job.graph.sources[0].onError == .fail)
    #expect(job.graph.sources[0].time == nil)
  }

  @Test("a window is partitioned by its key, and its schema reaches the sink")
  func schemas() throws {
    let text = Self.job(
      Self.lines + """
          operators:
            hours:
              type: tumbling-window
              inputs: [lines]
              config: { size: 1h, keyBy: [service, environment], aggregate: { count: { type: count } } }
          sinks:
            out: { type: file, inputs: [hours], config: { path: out } }
            late: { type: file, inputs: [hours.late], config: { path: late } }

        """)
    let loaded = Loader.load(text)
    #expect(Loader.text(loaded) == "")
    let graph = try #require(loaded.jobs.first?.graph)
    #expect(graph.operators[0].planned.keyFields?.map(\.name) == ["service", "environment"])
    #expect(GraphValidation.schema(of: NodeInput("hours"), in: graph)?.field("count")?.type == .int64)
    #expect(GraphValidation.schema(of: NodeInput("hours", .late), in: graph) == ErrorRecords.schema)
    #expect(GraphValidation.schema(of: NodeInput("lines", .late), in: graph) == nil)
    #expect(graph.sources[0].time == TimePolicy(field: "timestamp", unit: .nanoseconds))
  }

  @Test(
    "the unit of a time is taken from the column where it says it",
    arguments: [
      ("field: timestamp", TimePolicy.Unit.nanoseconds), ("field: text_time", .rfc3339), ("field: count, unit: ms", .milliseconds),
      ("field: count, unit: s", .seconds), ("field: count, unit: us", .microseconds), ("field: count, unit: ns", .nanoseconds),
    ])
  func unit(time: String, unit: TimePolicy.Unit) throws {
    let loaded = Loader.load(
      Loader.job(path: "in").replacing("type: file, config: { path: in }", with: "type: file, time: { \(time) }, config: { path: in }"))
    #expect(Loader.text(loaded) == "")
    #expect(loaded.jobs.first?.graph.sources[0].time?.unit == unit)
  }

  @Test(
    "a time that does not fit its column is refused",
    arguments: [
      "field: timestamp, unit: ms", "field: text_time, unit: ms", "field: count, unit: rfc3339", "field: score, unit: s", "field: count",
    ])
  func badUnit(time: String) {
    let loaded = Loader.load(
      Loader.job(path: "in").replacing("type: file, config: { path: in }", with: "type: file, time: { \(time) }, config: { path: in }"))
    #expect(loaded.diagnostics.count == 1)
    #expect([DiagnosticCode.fieldType, .missingKey].map(\.rawValue).contains(loaded.diagnostics[0].code))
  }

  @Test("time may be given to an operator between the source and the window")
  func timeOnOperator() {
    let text = Self.job(
      """
        sources:
          lines: { type: file, config: { path: in } }
        operators:
          parsed: { type: require, inputs: [lines], time: { field: timestamp, maxOutOfOrder: 10m }, config: { fields: [timestamp] } }
          hours: { type: tumbling-window, inputs: [parsed], config: { size: 1h, keyBy: [service], aggregate: { count: { type: count } } } }
        sinks:
          out: { type: file, inputs: [hours], config: { path: out } }

      """)
    #expect(Loader.text(Loader.load(text)) == "")
    let without = Loader.load(text.replacing("time: { field: timestamp, maxOutOfOrder: 10m }, ", with: ""))
    #expect(Loader.codes(without) == [DiagnosticCode.needsTime.rawValue])
  }

  @Test("one of two sources without a time is enough to refuse a window, and it is named")
  func mixedTime() {
    let text = Self.job(
      """
        sources:
          timed: { type: file, time: { field: timestamp }, config: { path: a } }
          quiet: { type: file, config: { path: b } }
        operators:
          hours: { type: tumbling-window, inputs: [timed, quiet], config: { size: 1h, keyBy: [service], aggregate: { count: { type: count } } } }
        sinks:
          out: { type: file, inputs: [hours], config: { path: out } }

      """)
    let loaded = Loader.load(text)
    #expect(Loader.codes(loaded) == [DiagnosticCode.needsTime.rawValue])
    #expect(loaded.diagnostics.first?.message.contains("\"quiet\"") == true)
  }

  @Test("guarantees below exactly-once take live sinks and sources that cannot be read again", arguments: ["at-least-once", "none"])
  func guarantees(guarantee: String) {
    let body = "  sources:\n    lines: { type: socket }\n  sinks:\n    out: { type: console, inputs: [lines] }\n"
    #expect(Loader.text(Loader.load(Self.job(body, "  guarantee: \(guarantee)\n"))) == "")
    #expect(Loader.load(Self.job(body)).diagnostics.map(\.code) == [DiagnosticCode.guarantee, .guarantee].map(\.rawValue))
  }

  @Test("an acknowledged live sink is marked in the graph")
  func live() throws {
    let loaded = Loader.load(Self.job(Self.lines + "  sinks:\n    out: { type: console, delivery: live, inputs: [lines] }\n"))
    #expect(try #require(loaded.jobs.first).graph.sinks[0].acceptsLive)
  }

  @Test("errors of every stage are reported in one go")
  func allAtOnce() {
    let text = Self.job(
      """
        parallelism: 0
        sources:
          lines: { type: file, onError: route, config: { path: "${NOWHERE}", maxLine: 5 } }
          good: { type: file, config: { path: in } }
        operators:
          ok: { type: require, inputs: [good], config: { fields: [mesage] } }
          more: { type: requir, inputs: [lines] }
        sinks:
          out: { type: console, inputs: [ok, good] }
          all: { type: file, inputs: [more, good], config: { pth: x } }
          shown: { type: console, inputs: [good] }

      """)
    #expect(
      Loader.codes(Loader.load(text)) == [
        "config.out-of-range", "job.unused-errors", "env.missing", "config.bytes-without-unit", "job.unknown-field", "job.unknown-type",
        "job.guarantee", "config.missing-key", "config.unknown-key", "job.guarantee",
      ])
  }

  @Test("a wrong job does not keep a right one in the same file from being planned")
  func severalJobs() {
    let text = Loader.job(path: "in") + "---\n" + Self.job("  sources: {}\n").replacing("name: x", with: "name: other")
    let loaded = Loader.load(text)
    #expect(loaded.hasErrors)
    #expect(loaded.jobs.map(\.definition.name) == ["copy"])
    #expect(loaded.definitions.map(\.name) == ["copy", "other"])
  }

  @Test("connections are found across files, and a wrong one takes its jobs with it")
  func acrossFiles() {
    let connection = "apiVersion: sloscout/v1\nkind: Connection\nmetadata: { name: db }\nspec: { type: postgres, config: { url: x } }\n"
    let job = Self.job(Self.lines + "  sinks:\n    out: { type: postgres, connection: db, inputs: [lines], config: { table: t } }\n")
    let loader = JobLoader(catalog: FakeCatalog.catalog, environment: [:]) { path in
      switch path {
      case "job.yaml": Array(job.utf8)
      case "db.yaml": Array(connection.utf8)
      case "bad.yaml": Array(connection.replacing("url: x", with: "ulr: x").utf8)
      default: throw Loader.NoFile()
      }
    }
    #expect(loader.load(paths: ["job.yaml", "db.yaml"]).jobs.count == 1)
    let wrong = loader.load(paths: ["job.yaml", "bad.yaml"])
    #expect(wrong.jobs.isEmpty)
    #expect(wrong.diagnostics.map(\.location?.file) == ["bad.yaml", "bad.yaml"])
    let missing = loader.load(paths: ["none.yaml", "job.yaml"])
    #expect(missing.diagnostics.map(\.code) == [DiagnosticCode.fileUnreadable.rawValue])
  }

  @Test("tests of a job are handed out as they are written")
  func tests() throws {
    let text =
      Loader.job(path: "in") + """
          tests:
            - name: one
              given: [{ message: a }, { watermark: "2026-01-01T00:00:00Z" }, { watermark: 1, message: b }]
              expect: { lines: [{ message: a }], lines.errors: [] }

        """
    let loaded = Loader.load(text)
    #expect(Loader.text(loaded) == "")
    let test = try #require(loaded.jobs.first?.definition.tests.first)
    #expect(test.source == "lines")
    guard case .record(let first) = test.given[0], case .watermark(let mark) = test.given[1], case .record = test.given[2] else {
      Issue.record("steps are \(test.given)")
      return
    }
    #expect(first["message"]?.content == .string("a"))
    #expect(mark.content == .string("2026-01-01T00:00:00Z"))
    #expect(test.expected.map(\.output) == [NodeInput("lines"), NodeInput("lines", .errors)])
    #expect(test.expected[0].records.count == 1)
  }

  @Test("a job of a thousand steps in a row is planned")
  func longChain() throws {
    var text = Self.lines + "  operators:\n"
    var last = "lines"
    for index in 0..<1_000 {
      text += "    s\(index): { type: require, inputs: [\(last)], config: { fields: [count] } }\n"
      last = "s\(index)"
    }
    text += "  sinks:\n    out: { type: file, inputs: [\(last)], config: { path: out } }\n"
    let loaded = Loader.load(Self.job(text))
    #expect(Loader.text(loaded) == "")
    #expect(loaded.jobs.first?.graph.operators.count == 1_000)
  }

  @Test(
    "names of documents never leave their folder",
    arguments: [
      "..", ".", "../x", "a/b", "/x", "a\\\\b", "A", "a_b", "-a", "", "a b", "ä", "a\\n", "a\\0", String(repeating: "a", count: 64),
      "%2e%2e", "~", "con:",
    ])
  func names(name: String) {
    let loaded = Loader.load(Loader.job(path: "in").replacing("name: copy", with: "name: \"\(name)\""))
    #expect(Loader.codes(loaded) == [DiagnosticCode.documentName.rawValue])
    #expect(loaded.definitions.isEmpty)
  }
}
