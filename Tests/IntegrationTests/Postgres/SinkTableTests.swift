import Connectors
import Dataflow
import Postgres
import SinkTesting
import Testing

@Suite("Postgres sink: tables and rows")
struct SinkTableTests {
  @Test("a later revision of a key replaces the earlier one, within an epoch, across subtasks and across epochs")
  func revisions() throws {
    let database = try TestDatabase()
    let sink = try Sinks.capsules(database.url)
    let (committer, _) = try sink.open(isFresh: true)
    let first = try sink.stage([
      Sinks.capsule("a", count: 1, revision: 1, final: false), Sinks.capsule("b", count: 5),
      Sinks.capsule("a", count: 2, revision: 2, final: false),
    ])
    let second = try sink.stage([Sinks.capsule("b", count: 6, revision: 2)])
    #expect(try committer.apply(sink.epoch(1, stages: [first, second])) == ApplyReport(applied: 4))
    let query =
      "SELECT service, environment, count, revision, final, extract(epoch FROM first_seen), severities->>'INFO' FROM capsule_shape ORDER BY 1"
    #expect(try database.rows(query) == ["a|-|2|2|f|1735776000.001000|1", "b|-|6|2|t|1735776000.001000|1"])
    #expect(try committer.apply(sink.epoch(2, [Sinks.capsule("a", count: 9, revision: 3)])) == ApplyReport(applied: 1))
    #expect(try database.rows(query).first == "a|-|9|3|t|1735776000.001000|1")
  }

  @Test("last revision wins against a naive model, with random keys, revisions and refused rows between")
  func randomUpserts() throws {
    let database = try TestDatabase()
    try database.client.execute("CREATE TABLE pairs (id bigint UNIQUE, name varchar(3))")
    let sink = try Sinks.pairs(database.url)
    let (committer, _) = try sink.open(isFresh: true)
    let seed = UInt64.random(in: 0 ... .max)
    var random = SystemLike(state: seed)
    var model: [Int64: String] = [:]
    for epoch in 1...20 as ClosedRange<UInt64> {
      var rows: [[TestValue]] = []
      for _ in 0..<Int.random(in: 0...60, using: &random) {
        let id = Int64.random(in: 0..<12, using: &random)
        // Refused rows have ids of their own, so that the model need not know which attempts superseded them.
        let isBad = Int.random(in: 0..<20, using: &random) == 0
        let name = isBad ? "too long" : String(Int.random(in: 0..<1000, using: &random))
        rows.append([.int(isBad ? id + 1_000 : id), .text(name)])
        if !isBad { model[id] = name }
      }
      let half = rows.count / 2
      let report = try committer.apply(sink.epoch(epoch, stages: [sink.stage(Array(rows[..<half])), sink.stage(Array(rows[half...]))]))
      #expect(report.applied + report.refused == rows.count)
    }
    let expected = model.sorted { $0.key < $1.key }.map { "\($0.key)|\($0.value)" }
    #expect(try database.rows("SELECT id, name FROM pairs ORDER BY id") == expected, "seed \(seed)")
  }

  @Test("rows that the server refuses stand beside the good ones, with the reason, in the same transaction")
  func refused() throws {
    let database = try TestDatabase()
    try database.client.execute("CREATE TABLE pairs (id bigint CHECK (id <> 13), name varchar(5), extra int DEFAULT 7)")
    let sink = try Sinks.pairs(database.url, keyed: false)
    let (committer, _) = try sink.open(isFresh: true)
    let rows: [[TestValue]] = (1...100).map { [.int($0), $0 % 40 == 0 ? "too long" : "ok"] }
    let epoch = try sink.epoch(1, rows)
    #expect(try committer.apply(epoch) == ApplyReport(applied: 97, refused: 3))
    #expect(try committer.apply(epoch) == ApplyReport(applied: 97, refused: 3, wasApplied: true))
    #expect(try database.rows("SELECT count(*), sum(id), sum(extra) FROM pairs") == ["97|\(5_050 - 13 - 40 - 80)|\(97 * 7)"])
    #expect(
      try database.rows(
        "SELECT job, sink, epoch, target, \"row\"::json->>'id', \"row\"::json->>'name', sqlstate FROM sloscout_refused ORDER BY id") == [
          "job|sink|1|pairs|13|ok|23514", "job|sink|1|pairs|40|too long|22001", "job|sink|1|pairs|80|too long|22001",
        ])
  }

  @Test("an epoch of nothing but refused rows is applied")
  func allRefused() throws {
    let database = try TestDatabase()
    try database.client.execute("CREATE TABLE pairs (id smallint, name text)")
    let sink = try Sinks.pairs(database.url, keyed: false)
    let (committer, _) = try sink.open(isFresh: true)
    let rows: [[TestValue]] = (0..<300).map { [.int(40_000 + $0), "out of range"] }
    #expect(try committer.apply(sink.epoch(1, rows)) == ApplyReport(applied: 0, refused: 300))
    #expect(try database.rows("SELECT count(*), min(sqlstate) FROM sloscout_refused") == ["300|22003"])
  }

  @Test("JSON that is none, a trigger that raises, a deferred constraint and a key too long for its index refuse only their row")
  func otherRefusals() throws {
    let database = try TestDatabase()
    let json = try Sinks.pairs(database.url, types: [("name", "jsonb")])
    let (first, _) = try json.open(isFresh: true)
    let deep = String(repeating: "[", count: 100_000)
    let values: [[TestValue]] = [
      [1, #"{"a": 1}"#], [2, "{broken"], [3, #"{"nul": "\u0000"}"#], [4, .null], [5, .text(deep)], [6, #""plain""#], [7, "1e999999"],
      [8, "12"],
    ]
    // A NUL in a string is repaired, as in text: PostgreSQL can store none, and the rest of the document is worth keeping.
    #expect(try first.apply(json.epoch(1, values)) == ApplyReport(applied: 5, refused: 3))
    #expect(
      try database.rows("SELECT id, name FROM pairs ORDER BY id") == [
        #"1|{"a": 1}"#, "3|{\"nul\": \"\u{FFFD}\"}", "4|-", #"6|"plain""#, "8|12",
      ])

    try database.client.execute(
      """
      CREATE TABLE others (id bigint, name text, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
      CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 3 THEN RAISE 'not three'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER picky BEFORE INSERT ON others FOR EACH ROW EXECUTE FUNCTION picky()
      """)
    let others = try Sinks.pairs(database.url, table: "others", keyed: false)
    let (second, _) = try others.open(id: "others", isFresh: true)
    #expect(try second.apply(others.epoch(1, [[1, "a"], [1, "again"], [2, "b"], [3, "c"]])) == ApplyReport(applied: 2, refused: 2))
    #expect(try database.rows("SELECT sqlstate FROM sloscout_refused WHERE sink = 'others' ORDER BY id") == ["23505", "P0001"])

    let keyed = try SinkHarness(
      PostgresSink.type, Config(["table": .string("names"), "key": Sinks.list("name")]), connection: Sinks.connection(database.url),
      Schema([("name", .bytes)]))
    let (third, _) = try keyed.open(id: "names", isFresh: true)
    // Random letters do not compress below the index's limit.
    let long = String((0..<9_000).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() ?? "x" })
    #expect(try third.apply(keyed.epoch(1, [["short"], [.text(long)]])) == ApplyReport(applied: 1, refused: 1))
  }

  @Test("every column type arrives as it was sent, nulls and extremes included")
  func types() throws {
    let database = try TestDatabase()
    let schema = Schema([
      ("n", .int64), ("x", .double), ("b", .bool), ("t", .time), ("s", .bytes), ("raw", .bytes), ("v", .vector(3)), ("u", .bytes),
      ("i", .int64),
    ])
    let config = Config([
      "table": .string("all_types"),
      "types": .map([("raw", .string("bytea")), ("u", .string("uuid")), ("i", .string("integer"))]),
    ])
    let sink = try SinkHarness(PostgresSink.type, config, connection: Sinks.connection(database.url), schema)
    let (committer, _) = try sink.open(isFresh: true)
    let rows: [[TestValue]] = [
      [
        .int(.max), .double(.infinity), .bool(true), .int(.max), "grüße 🎉", .bytes([0, 255, 10]), .floats([1, -0.5, .infinity]),
        "0a0b0c0d-0000-0000-0000-000000000001", 1,
      ],
      [.int(.min), .double(.nan), .bool(false), .int(.min + 1), "", .bytes([]), .floats([]), .null, -1],
      [.null, .null, .null, .null, .null, .null, .null, .null, .null],
      [0, .double(-0.0), .bool(true), .int(-1), .bytes([0x61, 0, 0xC3, 0x62]), .bytes([1]), .floats([0]), .null, 0],
    ]
    #expect(try committer.apply(sink.epoch(1, rows)) == ApplyReport(applied: 4))
    try database.client.execute("SET timezone = 'UTC'")
    #expect(
      try database.rows("SELECT * FROM all_types") == [
        "9223372036854775807|Infinity|t|2262-04-11 23:47:16.854775+00|grüße 🎉|\\x00ff0a|{1,-0.5,Infinity}|0a0b0c0d-0000-0000-0000-000000000001|1",
        "-9223372036854775808|NaN|f|1677-09-21 00:12:43.145224+00||\\x|{}|-|-1",
        "-|-|-|-|-|-|-|-|-",
        "0|-0|t|1969-12-31 23:59:59.999999+00|a\u{FFFD}\u{FFFD}b|\\x01|{0}|-|0",
      ])
  }

  @Test("days get partitions of their own as rows for them arrive, none twice, and a user's own partitions are left alone")
  func partitions() throws {
    let database = try TestDatabase()
    let sink = try Sinks.capsules(database.url)
    let (committer, _) = try sink.open(isFresh: true)
    _ = try committer.apply(sink.epoch(1, [Sinks.capsule("a", hour: 0), Sinks.capsule("a", hour: 23), Sinks.capsule("a", hour: 24)]))
    _ = try committer.apply(sink.epoch(2, [Sinks.capsule("a", hour: 25), Sinks.capsule("a", hour: -1), Sinks.capsule("a", hour: 24 * 59)]))
    let list =
      "SELECT c.relname FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid WHERE inhparent = 'capsule_shape'::regclass ORDER BY 1"
    #expect(
      try database.rows(list) == [
        "capsule_shape_p20250101", "capsule_shape_p20250102", "capsule_shape_p20250103", "capsule_shape_p20250302",
      ])
    #expect(try database.rows("SELECT count(*) FROM capsule_shape_p20250102") == ["2"])
    // A row whose day is unknown has no place: refused, not fatal.
    var timeless = Sinks.capsule("a")
    timeless[4] = .null
    #expect(try committer.apply(sink.epoch(3, [timeless])).refused == 1)

    try database.client.execute(
      "CREATE TABLE april PARTITION OF capsule_shape FOR VALUES FROM ('2025-04-01 00:00+00') TO ('2025-05-01 00:00+00')")
    #expect(try committer.apply(sink.epoch(4, [Sinks.capsule("a", hour: 24 * 100)])) == ApplyReport(applied: 1))
    #expect(try database.rows("SELECT count(*) FROM april") == ["1"])
    // Another run finds them all in place.
    let (next, _) = try sink.open()
    #expect(try next.apply(sink.epoch(5, [Sinks.capsule("a", hour: 1), Sinks.capsule("a", hour: 24 * 101)])) == ApplyReport(applied: 2))
  }

  @Test("nonsense times cannot make partitions without end: the days with most rows get theirs")
  func partitionLimit() throws {
    let database = try TestDatabase()
    let config = Config(["table": .string("events"), "partitionBy": .string("at")])
    let sink = try SinkHarness(PostgresSink.type, config, connection: Sinks.connection(database.url), Schema([("at", .time)]))
    let (committer, _) = try sink.open(isFresh: true)
    let day: Int64 = 86_400 * 1_000_000_000
    var rows: [[TestValue]] = (0..<400).map { [.int($0 * day)] }
    rows += (0..<10).map { _ in [.int(20_000 * day)] }
    #expect(try committer.apply(sink.epoch(1, rows)) == ApplyReport(applied: 375, refused: 35))
    #expect(try database.rows("SELECT count(*) FROM events_p20241004") == ["10"])
  }

  @Test("a table that does not fit is refused at the start, with the column and the statement that cures it")
  func misfits() throws {
    let cases: [(table: String, message: String, hint: String)] = [
      (
        "CREATE TABLE pairs (id text UNIQUE, name int)", "column \"name\" is integer, the sink writes text",
        "ALTER COLUMN \"name\" TYPE text"
      ),
      ("CREATE TABLE pairs (id bigint UNIQUE)", "it has no column \"name\"", "ALTER TABLE \"pairs\" ADD COLUMN \"name\" text"),
      ("CREATE TABLE pairs (id bigint, name text)", "no unique index on the key (id)", "CREATE UNIQUE INDEX ON \"pairs\" (\"id\")"),
      ("CREATE TABLE pairs (id bigint, name text, UNIQUE (id, name))", "no unique index on the key (id)", "CREATE UNIQUE INDEX"),
      (
        "CREATE TABLE pairs (id bigint UNIQUE, name text, owner int NOT NULL)", "column \"owner\" is NOT NULL",
        "ALTER COLUMN \"owner\" DROP NOT NULL"
      ),
      ("CREATE TABLE pairs (id bigint UNIQUE, name bytea)", "column \"name\" is bytea", "types: { name: bytea }"),
      ("CREATE TABLE real (id bigint, name text); CREATE VIEW pairs AS SELECT * FROM real", "it is no table", "another table"),
    ]
    for (statement, message, hint) in cases {
      let database = try TestDatabase()
      try database.client.execute(statement)
      let sink = try Sinks.pairs(database.url)
      let error = #expect(throws: SinkError.self, "\(statement)") { try sink.open(isFresh: true) }
      #expect(error?.message.contains(message) == true && error?.hint.contains(hint) == true, "\(statement): \(error?.description ?? "")")
      #expect(error?.retry == .never)
      // The refusal left nothing behind: no claim, no tables.
      #expect(try database.rows("SELECT to_regclass('sink_ledger')") == ["-"])
      if hint.hasPrefix("ALTER TABLE") {
        try database.client.execute(String(hint))
        _ = try sink.open(isFresh: true)
      }
    }
    let database = try TestDatabase()
    try database.client.execute("CREATE TABLE capsule_shape (x int)")
    #expect(throws: SinkError.self) { try Sinks.capsules(database.url).open(isFresh: true) }
  }

  @Test("a user's own table with wider, narrower and enumerated types works, other columns keep their defaults")
  func usersTable() throws {
    let database = try TestDatabase()
    try database.client.execute(
      """
      CREATE TYPE mood AS ENUM ('good', 'bad');
      CREATE DOMAIN amount AS numeric CHECK (VALUE < 100);
      CREATE TABLE pairs (name mood, id amount, made timestamptz NOT NULL DEFAULT now(), n int GENERATED ALWAYS AS IDENTITY)
      """)
    let sink = try Sinks.pairs(database.url, keyed: false)
    let (committer, _) = try sink.open(isFresh: true)
    let report = try committer.apply(sink.epoch(1, [[1, "good"], [2, "ugly"], [200, "bad"], [3, "bad"]]))
    #expect(report == ApplyReport(applied: 2, refused: 2))
    #expect(try database.rows("SELECT id, name FROM pairs ORDER BY 1") == ["1|good", "3|bad"])
  }

  @Test("keys that only the table's own index finds equal replace each other, the last wins")
  func looseKeys() throws {
    let database = try TestDatabase()
    try database.client.execute("CREATE TABLE pairs (id bigint, name char(4) UNIQUE)")
    let sink = try SinkHarness(
      PostgresSink.type, Config(["table": .string("pairs"), "key": Sinks.list("name")]), connection: Sinks.connection(database.url),
      Schema([("id", .int64), ("name", .bytes)]))
    let (committer, _) = try sink.open(isFresh: true)
    let rows: [[TestValue]] = [[1, "a"], [2, "b"], [3, "a "], [4, "a  "], [5, "b "], [6, "too long"]]
    #expect(try committer.apply(sink.epoch(1, rows)) == ApplyReport(applied: 5, refused: 1))
    #expect(try database.rows("SELECT id, name FROM pairs ORDER BY id") == ["4|a   ", "5|b   "])
  }

  @Test("rows of the errors output keep their raw bytes and get the name of their file")
  func errorRecords() throws {
    let database = try TestDatabase()
    let config = Config(["table": .string("dead_letters"), "types": .map([("raw", .string("bytea"))])])
    let sink = try SinkHarness(PostgresSink.type, config, connection: Sinks.connection(database.url), ErrorRecords.schema)
    let splits = SplitTable()
    _ = splits.register("a.log")
    let split = splits.register("b.log")
    let writer = try sink.makeWriter(splits: splits)
    let batch = TestRows.batches(
      ErrorRecords.schema, [["parse", "not-json", "", .null, 42, .bytes([0, 0xFF])], ["parse", "not-json", "", "given", 43, .null]])[0]
    batch.splits[0] = split
    try writer.process(batch, Output(operatorID: "dead"))
    let (committer, _) = try sink.open(isFresh: true)
    _ = try committer.apply(sink.epoch(1, stages: [writer.takeStage()]))
    #expect(try database.rows("SELECT source, \"offset\", raw FROM dead_letters ORDER BY 2") == ["b.log|42|\\x00ff", "given|43|-"])
  }

  @Test("rows staged under other columns are refused, not misread")
  func otherPlan() throws {
    let database = try TestDatabase()
    let old = try Sinks.pairs(database.url)
    let (committer, _) = try Sinks.pairs(database.url, types: [("name", "bytea")]).open(isFresh: true)
    let error = #expect(throws: SinkError.self) { try committer.apply(old.epoch(1, [[1, "a"]])) }
    #expect(error?.message.contains("written for other columns") == true && error?.retry == .never)
    let damaged = try Sinks.pairs(database.url, types: [("name", "bytea")]).epoch(1, [[1, "a"]])
    let wrong = StagedEpoch(epoch: 1, chunks: damaged.chunks, rows: 2, digest: 1, manifest: "")
    #expect(throws: SinkError.self) { try committer.apply(wrong) }
    #expect(try database.rows("SELECT * FROM pairs") == [])
  }

  @Test("names with capitals and keywords are names like others")
  func quoting() throws {
    let database = try TestDatabase()
    let schema = Schema([("order", .int64), ("Select", .bytes), ("At", .time)])
    let config = Config(["table": .string("Table"), "key": Sinks.list("order", "At"), "partitionBy": .string("At")])
    let sink = try SinkHarness(PostgresSink.type, config, connection: Sinks.connection(database.url), schema)
    for run in 1...2 as ClosedRange<UInt64> {
      let (committer, _) = try sink.open(isFresh: run == 1)
      _ = try committer.apply(sink.epoch(run, [[1, "a", 0], [1, "b", 0]]))
    }
    #expect(try database.rows("SELECT \"order\", \"Select\" FROM \"Table\"") == ["1|b"])
  }
}

/// A small seeded generator.
struct SystemLike: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
