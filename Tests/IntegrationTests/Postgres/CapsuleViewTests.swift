import Dataflow
import Postgres
import SinkTesting
import Testing

@Suite("Postgres sink: capsules")
struct CapsuleViewTests {
  @Test("the view shows shapes as they are, and merges counts, severities and samples once an alias joins them")
  func view() throws {
    let database = try TestDatabase()
    let sink = try Sinks.capsules(database.url)
    let (committer, _) = try sink.open(isFresh: true)
    func samples(_ ids: ClosedRange<Int>) -> TestValue {
      .text("[" + ids.map { #"{"id": "\#(100 + $0)", "message": "m\#($0)"}"# }.joined(separator: ",") + "]")
    }
    _ = try committer.apply(
      sink.epoch(
        1,
        [
          Sinks.capsule("a", shape: "01", count: 3, severities: #"{"INFO": 2, "ERROR": 1}"#, samples: samples(1...7)),
          Sinks.capsule("a", shape: "02", count: 5, severities: #"{"INFO": 5}"#, samples: samples(3...12), revision: 4, final: false),
          Sinks.capsule("b", shape: "01", count: 7, severities: .null, samples: .null),
        ]))
    let query =
      "SELECT service, fingerprint, template, count, severities, jsonb_array_length(samples), revision, final FROM capsule ORDER BY 1, 2"
    #expect(
      try database.rows(query) == [
        #"a|01|user <*> of 01|3|{"INFO": 2, "ERROR": 1}|7|1|t"#, #"a|02|user <*> of 02|5|{"INFO": 5}|10|4|f"#,
        "b|01|user <*> of 01|7|-|-|1|t",
      ])
    try database.client.execute("INSERT INTO alias VALUES ('a', '01', 'f1'), ('a', '02', 'f1')")
    #expect(
      try database.rows(query) == [
        #"a|f1|user <*> of 02|8|{"INFO": 7, "ERROR": 1}|10|4|f"#, "b|01|user <*> of 01|7|-|-|1|t",
      ])
    // What the refinement calls it counts, whichever of its shapes has more records.
    try database.client.execute("UPDATE alias SET template = 'user <*> of <*>', revision = 1")
    #expect(try database.rows("SELECT DISTINCT template FROM capsule WHERE service = 'a'") == ["user <*> of <*>"])
    #expect(try database.rows("SELECT s->>'id' FROM capsule, jsonb_array_elements(samples) AS s WHERE service = 'a' LIMIT 1") == ["101"])
  }

  @Test("opening again changes nothing, and a database of a newer program is refused")
  func migrations() throws {
    let database = try TestDatabase()
    let sink = try Sinks.capsules(database.url)
    _ = try sink.open(isFresh: true)
    _ = try sink.open(isFresh: true)
    #expect(try database.rows("SELECT component, version FROM sloscout_schema_version ORDER BY 1") == ["capsule|2", "core|1"])
    try database.client.execute("UPDATE sloscout_schema_version SET version = 99 WHERE component = 'core'")
    let error = #expect(throws: SinkError.self) { try sink.open() }
    #expect(error?.message.contains("version 99 of the core tables") == true && error?.retry == .never)
  }

  @Test("a table of the same name that is somebody else's gets no view")
  func otherTable() throws {
    let database = try TestDatabase()
    _ = try Sinks.pairs(database.url, table: "capsule_shape").open(isFresh: true)
    #expect(try database.rows("SELECT to_regclass('capsule'), to_regclass('alias')") == ["-|-"])
  }
}
