import Connectors
import Dataflow
import Foundation
import Postgres
import SinkTesting
import Synchronization
import Testing

@Suite("Postgres sink: trouble")
struct TroubleTests {
  private func openError(_ url: String) throws -> SinkError? {
    let sink = try Sinks.pairs(url)
    return #expect(throws: SinkError.self) { try sink.open(isFresh: true) }
  }

  @Test("a wrong database, user or right is for a person to mend; a server that is not there is waited for")
  func connecting() throws {
    let server = try TestServer.url()
    let missing = try openError(TestDatabase.replacingDatabase(of: server, with: "no_such_database"))
    #expect(missing?.retry == .never && missing?.hint.contains("CREATE DATABASE") == true, "\(missing?.description ?? "")")
    var parts = try #require(URLComponents(string: server))
    parts.user = "no_such_user"
    let user = try openError(try #require(parts.string))
    #expect(user?.retry == .never && user?.message.contains("SQLSTATE 28") == true, "\(user?.description ?? "")")
    let nobody = try openError("postgresql://user:s3cret@127.0.0.1:1/db")
    #expect(nobody?.retry == .withBackoff && nobody?.description.contains("s3cret") == false)
    #expect(nobody?.hint.contains("check that PostgreSQL is running") == true)
    let noHost = try openError("postgresql://user@no-such-host.invalid/db")
    #expect(noHost?.retry == .withBackoff)
  }

  @Test("a peer that accepts and never answers does not hold the sink for ever")
  func silentPeer() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, length)
        _ = listen(listener, 4)
        _ = getsockname(listener, $0, &length)
      }
    }
    let url = "postgresql://u@127.0.0.1:\(UInt16(bigEndian: address.sin_port))/d"
    let error = #expect(throws: PostgresError.self) { try PostgresClient(PostgresOptions(url: url, connectTimeout: 100_000_000)) }
    #expect(error?.fault == .connection && error?.message.contains("no answer in time") == true)
  }

  @Test("a lock that another holds, a slow statement and a backend that is killed are tried again, and then succeed")
  func waiting() throws {
    let database = try TestDatabase()
    let sink = try SinkHarness(
      PostgresSink.type, Config(["table": .string("pairs")]), connection: Sinks.connection(database.url, statementTimeout: 300_000_000),
      Schema([("id", .int64), ("name", .bytes)]))
    let (committer, _) = try sink.open(isFresh: true)
    try database.client.execute("BEGIN; SELECT * FROM sink_ledger FOR UPDATE")
    let locked = #expect(throws: SinkError.self) { try committer.apply(sink.epoch(1, [[1, "a"]])) }
    #expect(locked?.retry == .withBackoff && locked?.message.contains("55P03") == true)
    try database.client.execute("ROLLBACK")

    try database.client.execute(
      """
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON pairs FOR EACH ROW EXECUTE FUNCTION slow()
      """)
    let slow = #expect(throws: SinkError.self) { try committer.apply(sink.epoch(1, [[1, "a"]])) }
    #expect(slow?.retry == .withBackoff && slow?.message.contains("57014") == true)
    try database.client.execute("DROP TRIGGER slow ON pairs")
    #expect(try committer.apply(sink.epoch(1, [[1, "a"]])) == ApplyReport(applied: 1))

    // Killed while it waits for the table: the sink connects again and finishes by itself.
    let patient = try Sinks.pairs(database.url, keyed: false)
    let (second, _) = try patient.open()
    try database.client.execute("BEGIN; LOCK TABLE pairs IN ACCESS EXCLUSIVE MODE")
    let epoch = try patient.epoch(2, [[2, "b"]])
    let applied = Mutex<ApplyReport?>(nil)
    let done = DispatchSemaphore(value: 0)
    // A thread of its own: it blocks, and the pool of tasks may be full of tests that block.
    Thread.detachNewThread {
      let report = try? second.apply(epoch)
      applied.withLock { $0 = report }
      done.signal()
    }
    let kill = """
      SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
      """
    var killed = 0
    for _ in 0..<1_000 where killed == 0 {
      // Statistics stand still within a transaction unless told otherwise.
      try database.client.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.005)")
      killed = try database.client.execute(kill).scalar.flatMap { Int($0) } ?? 0
    }
    #expect(killed == 1)
    try database.client.execute("ROLLBACK")
    #expect(done.wait(timeout: .now() + 60) == .success)
    #expect(applied.withLock { $0 } == ApplyReport(applied: 1))
    #expect(try database.rows("SELECT id FROM pairs ORDER BY 1") == ["1", "2"])
  }

  @Test("a database that cannot hold every text is refused")
  func encoding() throws {
    let server = try TestServer.url()
    let admin = try PostgresClient(PostgresOptions(url: server))
    let name = "latin_\(UInt32.random(in: 0 ... .max))"
    try admin.execute("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    defer { _ = try? admin.execute("DROP DATABASE \(name) WITH (FORCE)") }
    let error = try openError(TestDatabase.replacingDatabase(of: server, with: name))
    #expect(error?.retry == .never && error?.message.contains("LATIN1") == true)
  }

  @Test("a user without the right to create tables is told so; with the tables made by another it works")
  func rights() throws {
    let database = try TestDatabase()
    let role = "role_\(UInt32.random(in: 0 ... .max))"
    try database.client.execute("CREATE ROLE \(role) LOGIN")
    var parts = try #require(URLComponents(string: database.url))
    parts.user = role
    let url = try #require(parts.string)
    let error = try openError(url)
    #expect(error?.retry == .never && error?.hint.contains("grant the user") == true, "\(error?.description ?? "")")

    _ = try Sinks.pairs(database.url).open(job: "setup", isFresh: true)
    try database.client.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO \(role)")
    let sink = try Sinks.pairs(url)
    let (committer, _) = try sink.open(isFresh: true)
    #expect(try committer.apply(sink.epoch(1, [[1, "a"]])) == ApplyReport(applied: 1))
    committer.close()
    // After close it is as if the connection had broken: the next epoch connects again.
    #expect(try committer.apply(sink.epoch(2, [[2, "b"]])) == ApplyReport(applied: 1))
    committer.close()
    try database.client.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
  }

  @Test("a table that vanished while the job ran stops it with words, and nothing is written")
  func vanished() throws {
    let database = try TestDatabase()
    let sink = try Sinks.pairs(database.url)
    let (committer, _) = try sink.open(isFresh: true)
    try database.client.execute("DROP TABLE pairs")
    let error = #expect(throws: SinkError.self) { try committer.apply(sink.epoch(1, [[1, "a"]])) }
    #expect(error?.retry == .never && error?.message.contains("42P01") == true)
    #expect(try database.rows("SELECT epoch FROM sink_ledger") == ["0"])
  }

  @Test("the client tells a rolled back COMMIT from a commit, and goes on after an error")
  func client() throws {
    let database = try TestDatabase()
    let client = database.client
    try client.execute("CREATE TABLE t (n int PRIMARY KEY)")
    let error = #expect(throws: PostgresError.self) {
      try client.transaction {
        try client.execute("INSERT INTO t VALUES (1)")
        _ = try? client.execute("INSERT INTO t VALUES (1)")
      }
    }
    #expect(error?.message == "the transaction was rolled back at COMMIT" && error?.isCommitUnknown == false)
    #expect(throws: CancellationError.self) { try client.copy("COPY t FROM STDIN") { _ in throw CancellationError() } }
    #expect(throws: PostgresError.self) { try client.execute("COPY t FROM STDIN") }
    #expect(!client.isOpen)
    let second = try PostgresClient(PostgresOptions(url: database.url))
    let hostile = "'; DROP TABLE t; --\\ \" $1 é"
    #expect(try second.query("SELECT $1, $2, $3::int + 1", [hostile, nil, "41"]).rows == [[hostile, nil, "42"]])
    let copied = try second.copy("COPY t FROM STDIN") { send in
      for n in 0..<1_000 { try Array("\(n)\n".utf8).withUnsafeBytes(send) }
    }
    #expect(copied == 1_000)
    #expect(try second.execute("SELECT count(*) FROM t; SELECT sum(n) FROM t").scalar == "499500")
  }
}
