import Connectors
import Dataflow
import Foundation
import Postgres
import SinkTesting
import Testing

@Suite("Postgres sink: exactly once")
struct ExactlyOnceTests {
  @Test("an epoch applied twice stands once, and a restart goes on after the last")
  func reapply() throws {
    let database = try TestDatabase()
    let sink = try Sinks.pairs(database.url, keyed: false)
    let (committer, first) = try sink.open(isFresh: true)
    #expect(first == nil)
    let one = try sink.epoch(1, [[1, "a"], [2, "b"]])
    #expect(try committer.apply(one) == ApplyReport(applied: 2))
    #expect(try committer.apply(one) == ApplyReport(applied: 2, wasApplied: true))
    let two = try sink.epoch(2, [[3, "c"]])
    #expect(try committer.apply(two) == ApplyReport(applied: 1))
    #expect(try committer.apply(one).wasApplied)
    committer.close()

    let (again, last) = try sink.open()
    #expect(last == 2)
    #expect(try again.apply(two).wasApplied)
    #expect(try again.apply(sink.epoch(3, [])) == ApplyReport(applied: 0))
    #expect(try database.rows("SELECT id, name FROM pairs ORDER BY id") == ["1|a", "2|b", "3|c"])
    #expect(try database.rows("SELECT job, sink, shard, generation, epoch, manifest FROM sink_ledger") == ["job|sink|0|2|3|manifest-3"])
  }

  @Test("a run that was replaced cannot write, a newer one can")
  func fencing() throws {
    let database = try TestDatabase()
    let sink = try Sinks.pairs(database.url)
    let (old, _) = try sink.open(isFresh: true)
    _ = try old.apply(sink.epoch(1, [[1, "a"]]))
    let (new, last) = try sink.open()
    #expect(last == 1)
    let error = #expect(throws: SinkError.self) { try old.apply(sink.epoch(2, [[2, "zombie"]])) }
    #expect(error?.retry == .never)
    #expect(error?.message.contains("newer run (generation 2, this run has 1)") == true)
    _ = try new.apply(sink.epoch(2, [[2, "b"]]))
    #expect(try database.rows("SELECT id, name FROM pairs ORDER BY id") == ["1|a", "2|b"])
  }

  @Test("a missing epoch, other bytes under the same number, and a removed ledger row stop the job")
  func refusals() throws {
    let database = try TestDatabase()
    let sink = try Sinks.pairs(database.url)
    let (committer, _) = try sink.open(isFresh: true)
    _ = try committer.apply(sink.epoch(1, [[1, "a"]]))
    let gap = #expect(throws: SinkError.self) { try committer.apply(sink.epoch(3, [[3, "c"]])) }
    #expect(gap?.message.contains("epochs 2 to 2 are missing") == true && gap?.retry == .never)
    let other = #expect(throws: SinkError.self) { try committer.apply(sink.epoch(1, [[1, "other"]])) }
    #expect(other?.message.contains("stands in the database with other rows") == true)
    try database.client.execute("DELETE FROM sink_ledger")
    let lost = #expect(throws: SinkError.self) { try committer.apply(sink.epoch(2, [[2, "b"]])) }
    #expect(lost?.message.contains("removed or set back") == true)
    #expect(try database.rows("SELECT id, name FROM pairs") == ["1|a"])
  }

  @Test("a fresh start on a ledger with epochs is refused with statements that really help")
  func stateGone() throws {
    let database = try TestDatabase()
    let sink = try Sinks.pairs(database.url)
    // A name that would break a statement put together carelessly.
    let job = #"o'brien\"#
    let (committer, _) = try sink.open(job: job, isFresh: true)
    // Claimed, but nothing applied: the earlier run left no rows behind.
    #expect(try sink.open(job: job, isFresh: true).lastApplied == nil)
    let (second, _) = try sink.open(job: job)
    _ = try second.apply(sink.epoch(1, [[1, "a"]]))
    committer.close()

    let error = #expect(throws: SinkError.self) { try sink.open(job: job, isFresh: true) }
    #expect(error?.retry == .never)
    #expect(error?.message.contains("epoch 1 of job") == true)
    let hint = try #require(error?.hint)
    #expect(try sink.open(job: "another", isFresh: true).lastApplied == nil)
    let statement = try #require(hint.firstMatch(of: /BEGIN;.*COMMIT;/))
    try database.client.execute(String(statement.output))
    #expect(try sink.open(job: job, isFresh: true).lastApplied == nil)
    #expect(try database.rows("SELECT * FROM pairs") == [])
  }

  @Test("a reply to COMMIT that is lost is settled by the ledger", arguments: [LossyProxy.Cut.afterCommit, .beforeCommit])
  func lostCommitReply(cut: LossyProxy.Cut) throws {
    let database = try TestDatabase()
    let proxy = try LossyProxy(target: database.url)
    let sink = try Sinks.pairs(proxy.url, keyed: false)
    let (committer, _) = try sink.open(isFresh: true)
    for epoch in 1...5 as ClosedRange<UInt64> {
      proxy.arm(cut)
      let report = try committer.apply(sink.epoch(epoch, [[.int(Int64(epoch)), "x"]]))
      #expect(report == ApplyReport(applied: 1, wasApplied: cut == .afterCommit))
    }
    #expect(proxy.cuts == 5)
    #expect(try database.rows("SELECT id FROM pairs ORDER BY id") == ["1", "2", "3", "4", "5"])
  }

  @Test("a backend killed at any statement of an epoch leaves all or nothing")
  func killedBackend() throws {
    let database = try TestDatabase()
    let proxy = try LossyProxy(target: database.url)
    let sink = try Sinks.pairs(proxy.url, keyed: false)
    let (committer, _) = try sink.open(isFresh: true)
    var epoch: UInt64 = 0
    for message in 1...12 {
      epoch += 1
      proxy.arm(.atMessage(message))
      let report = try committer.apply(sink.epoch(epoch, [[.int(Int64(epoch)), "x"]]))
      #expect(report.applied == 1)
    }
    #expect(proxy.cuts >= 8)
    #expect(try database.rows("SELECT count(*), count(DISTINCT id) FROM pairs") == ["\(epoch)|\(epoch)"])
  }

  @Test("a server that restarts or is down is waited for")
  func serverRestart() throws {
    let folder = try FileManager.default.url(
      for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(filePath: "/tmp"), create: true
    ).path(percentEncoded: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let url = try TestServer.script("start", folder: folder)
    defer { _ = try? TestServer.script("stop", folder: folder) }
    let sink = try Sinks.pairs(url)
    let (committer, _) = try sink.open(isFresh: true)
    _ = try committer.apply(sink.epoch(1, [[1, "a"]]))

    try TestServer.script("stop", folder: folder, keep: true)
    let down = #expect(throws: SinkError.self) { try committer.apply(sink.epoch(2, [[2, "b"]])) }
    #expect(down?.retry == .withBackoff)
    #expect(down?.hint.contains("check that PostgreSQL is running") == true)
    #expect(throws: SinkError.self) { try sink.open() }

    #expect(try TestServer.script("start", folder: folder) == url)
    #expect(try committer.apply(sink.epoch(2, [[2, "b"]])) == ApplyReport(applied: 1))
    // Stopped and started between two epochs: the next one does not even notice.
    try TestServer.script("stop", folder: folder, keep: true)
    try TestServer.script("start", folder: folder)
    #expect(try committer.apply(sink.epoch(3, [[3, "c"]])) == ApplyReport(applied: 1))
    let client = try PostgresClient(PostgresOptions(url: url))
    #expect(try client.execute("SELECT count(*) FROM pairs").scalar == "3")
  }

  @Test("a server that forgets commits is refused")
  func synchronousCommit() throws {
    let database = try TestDatabase()
    for level in ["off", "local", "remote_write"] {
      let sink = try Sinks.pairs(database.url + "?options=-csynchronous_commit%3D\(level)")
      let error = #expect(throws: SinkError.self) { try sink.open(isFresh: true) }
      #expect(error?.message.contains("synchronous_commit is \"\(level)\"") == true && error?.retry == .never)
    }
    #expect(try database.rows("SELECT to_regclass('pairs'), to_regclass('sink_ledger')") == ["-|-"])
  }

  @Test("two sinks of a job keep a ledger row each and may open at the same moment")
  func twoSinks() async throws {
    let database = try TestDatabase()
    let url = database.url
    try await withThrowingTaskGroup(of: Void.self) { group in
      for id in ["a", "b", "c", "d"] {
        group.addTask {
          let sink = try Sinks.pairs(url, table: "t_\(id)")
          let (committer, _) = try sink.open(id: id, isFresh: true)
          _ = try committer.apply(sink.epoch(1, [[1, "x"]]))
          committer.close()
        }
      }
      try await group.waitForAll()
    }
    #expect(try database.rows("SELECT sink, epoch FROM sink_ledger ORDER BY 1") == ["a|1", "b|1", "c|1", "d|1"])
  }
}
