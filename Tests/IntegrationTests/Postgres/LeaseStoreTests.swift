import Connectors
import Dataflow
import Foundation
import Postgres
import Testing

@Suite("leases in PostgreSQL")
struct LeaseStoreTests {
  private static let second: Int64 = 1_000_000_000
  private let shards = (0..<2).flatMap { stage in (0..<3).map { JobShard(job: "j", stage: stage, index: $0, count: 3) } }

  private func store(_ database: TestDatabase, _ name: String, _ process: UInt64) -> LeaseStore {
    LeaseStore(url: database.url, worker: name, process: process)
  }

  @Test("many workers that claim at once get every shard once, each claim under a later generation")
  func claims() async throws {
    let database = try TestDatabase()
    let stores = (0..<6).map { store(database, "w", UInt64($0)) }
    for store in stores { try store.register("j", shards, layout: "l") }
    for round in 1...3 as ClosedRange<UInt64> {
      let shards = shards
      let had = try await withThrowingTaskGroup(of: [JobShard: UInt64].self) { group in
        for store in stores { group.addTask { try store.claim(shards, time: 60 * Self.second) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(had.flatMap(\.keys).sorted() == shards.sorted())
      #expect(had.flatMap(\.values).allSatisfy { $0 == round })
      for store in stores { try store.leave() }
    }
  }

  @Test("a lease that ran out goes to the next, whose generation the first no longer has: it renews and releases nothing")
  func expiry() throws {
    let database = try TestDatabase()
    let (first, second) = (store(database, "a", 1), store(database, "b", 2))
    try first.register("j", shards, layout: "l")
    let shard = shards[0]
    #expect(try first.claim([shard], time: 1_000_000) == [shard: 1])
    Thread.sleep(forTimeInterval: 0.02)
    // Nobody else came: renewing brings it back.
    _ = try first.renew(jobs: ["j"], running: [(shard, 1, 5)], time: 60 * Self.second)
    #expect(try second.claim([shard], time: 60 * Self.second).isEmpty)
    _ = try first.renew(jobs: ["j"], running: [(shard, 1, 6)], time: 1_000)
    Thread.sleep(forTimeInterval: 0.02)
    #expect(try second.claim([shard], time: 60 * Self.second) == [shard: 2])
    let view = try first.renew(jobs: ["j"], running: [(shard, 1, 9)], time: 60 * Self.second)
    #expect(view.leases.first == Lease(shard: shard, owner: second.owner, generation: 2))
    try first.release(shard, generation: 1, epoch: 9, .finished)
    let status = try second.status()
    #expect(status[0].lease == Lease(shard: shard, owner: second.owner, generation: 2) && status[0].epoch == 6)
  }

  @Test("what failed rests, what is finished is claimed by nobody, and workers that are silent are not counted")
  func endings() throws {
    let database = try TestDatabase()
    let (first, second) = (store(database, "a", 1), store(database, "b", 2))
    try first.register("j", shards, layout: "l")
    _ = try first.claim(shards, time: 60 * Self.second)
    try first.release(shards[0], generation: 1, epoch: 3, .failed("no disk", rest: 60 * Self.second))
    try first.release(shards[1], generation: 1, epoch: 4, .finished)
    try first.release(shards[2], generation: 1, epoch: 5, .stopped)
    #expect(try second.claim(shards, time: 60 * Self.second) == [shards[2]: 2])
    let status = try first.status()
    #expect(status[0].error == "no disk" && status[0].lease.isResting && status[1].lease.isFinished)
    _ = try first.renew(jobs: ["j"], running: [], time: 1_000)
    Thread.sleep(forTimeInterval: 0.02)
    #expect(try second.renew(jobs: ["j", "k"], running: [], time: 60 * Self.second).workers == ["j": [second.owner], "k": [second.owner]])
  }

  private func changed(_ readers: Int, _ partitions: Int) -> [JobShard] {
    ShardLayout(readers: readers, partitions: partitions).shards(of: "j", stages: 2)
  }

  /// Has every shard that is not finished end with its last checkpoint.
  private func drainAll(_ store: LeaseStore) throws {
    let open = try store.renew(jobs: ["j"], running: [], time: 60 * Self.second).leases.filter { !$0.isFinished }.map(\.shard)
    for (shard, generation) in try store.claim(open, time: 60 * Self.second) {
      try store.release(shard, generation: generation, epoch: 7, .drained)
    }
  }

  @Test("a job whose steps send otherwise than before is refused with the cure")
  func layouts() throws {
    let database = try TestDatabase()
    let store = store(database, "a", 1)
    try store.register("j", shards, layout: "l")
    try store.register("j", shards, layout: "l")
    #expect { try store.register("j", shards, layout: "other") } throws: { "\($0)".contains("savepoint") }
    #expect { try store.register("j", shards, layout: "l", origin: "k/s") } throws: { "\($0)".contains("history of its own") }
  }

  @Test("another number of shards drains the job; when all are drained the next version takes their place, once, under later generations")
  func cuts() throws {
    let database = try TestDatabase()
    let store = store(database, "a", 1)
    try store.register("j", changed(3, 3), layout: "l")
    let first = changed(3, 3)[0]
    #expect(try store.claim([first], time: 60 * Self.second) == [first: 1])
    try store.register("j", changed(2, 5), layout: "l")
    let cut = try #require(try store.cuts().first)
    #expect(cut.layout == ShardLayout(readers: 3, partitions: 3) && cut.target == ShardLayout(version: 2, readers: 2, partitions: 5))
    #expect(try !store.replace(cut, stages: 2, epochs: [:]), "shards run")
    // Whoever asks meanwhile waits: the cut that is being made stays the same.
    try store.register("j", changed(4, 4), layout: "l")
    #expect(try store.cuts().first?.target == cut.target)
    try store.release(first, generation: 1, epoch: 9, .drained)
    #expect(try store.claim([first], time: 60 * Self.second).isEmpty)
    try drainAll(store)
    let drained = try store.status()
    #expect(drained.allSatisfy { $0.lease.isDrained } && drained[0].epoch == 9)
    #expect(try store.tryToCut("j"))
    let other = self.store(database, "b", 2)
    #expect(try !other.tryToCut("j"))
    let now = try #require(try store.cuts().first)
    #expect(try !store.replace(cutOtherwise(now), stages: 2, epochs: [:]))
    #expect(try store.replace(now, stages: 2, epochs: [:]))
    #expect(try !store.replace(now, stages: 2, epochs: [:]))
    let leases = try store.renew(jobs: ["j"], running: [(first, 1, 10)], time: 60 * Self.second).leases
    #expect(leases.map(\.shard) == ShardLayout(version: 2, readers: 2, partitions: 5).shards(of: "j", stages: 2))
    #expect(leases.allSatisfy { $0.owner == nil && $0.generation >= 1 && !$0.isFinished })
    // What was asked for meanwhile is next.
    #expect(try store.cuts().first?.target == ShardLayout(version: 3, readers: 4, partitions: 4))
    store.close()
    #expect(try other.tryToCut("j"))
  }

  private func cutOtherwise(_ cut: JobCut) -> JobCut {
    var other = cut
    other.target?.partitions += 1
    return other
  }

  @Test("what a command asked for stays until a file says something new")
  func commands() throws {
    let database = try TestDatabase()
    let store = store(database, "a", 1)
    try store.register("j", changed(1, 3), layout: "l")
    #expect(try store.rescale("j") { ShardLayout(readers: $0.readers, partitions: 6) } != nil)
    #expect(try store.rescale("j") { ShardLayout(readers: $0.readers, partitions: 6) } == nil)
    try drainAll(store)
    let cut = try #require(try store.cuts().first)
    #expect(try store.replace(cut, stages: 2, epochs: [:]))
    try store.register("j", changed(1, 3), layout: "l")
    #expect(try store.cuts().first?.isDraining == false)
    try store.register("j", changed(1, 4), layout: "l")
    #expect(try store.cuts().first?.target?.partitions == 4)
    #expect { try store.rescale("k") { $0 } } throws: { "\($0)".contains("no worker ever ran") }
  }

  @Test("a savepoint drains the job for the same numbers, and its name is taken once; a job that begins with one has no shards before")
  func savepoints() throws {
    let database = try TestDatabase()
    let store = store(database, "a", 1)
    try store.register("j", changed(1, 2), layout: "l")
    try store.savepoint("j", "s")
    #expect { try store.savepoint("j", "t") } throws: { $0 is LayoutRefused }
    // Whoever asks again waits for the same, with the name or without.
    let client = database.client
    for name in ["s", nil] { #expect(try JobSavepoints.ask(client, "j", name) == "s") }
    #expect(try JobSavepoints.progress(client, "j", "s") == .awaited(trouble: nil) && JobSavepoints.progress(client, "j", "t") == .none)
    try store.note("no disk", try #require(try store.cuts().first))
    #expect(try JobSavepoints.progress(client, "j", "s") == .awaited(trouble: "no disk"))
    let waiting = try store.awaited("j")
    #expect(waiting.workers == 0 && !waiting.isIdle && waiting.leases.count == 3 && waiting.leases.allSatisfy { !$0.isDrained })
    try drainAll(store)
    #expect(try store.awaited("j").workers == 1 && store.awaited("j").leases.allSatisfy(\.isDrained))
    let cut = try #require(try store.cuts().first)
    #expect(cut.savepoint == "s" && cut.target == ShardLayout(version: 2, readers: 1, partitions: 2))
    #expect(try store.replace(cut, stages: 2, epochs: [JobShard(job: "j", stage: 0, index: 0, count: 1): 7]))
    #expect(try store.savepointShards("j", "s") == ["j.0.0=7"])
    #expect { try store.savepoint("j", "s") } throws: { $0 is LayoutRefused }
    #expect(try JobSavepoints.progress(client, "j", "s") == .taken)
    try JobSavepoints.forget(client, "j", "s")
    #expect(try JobSavepoints.progress(client, "j", "s") == .none)
    #expect(try JobSavepoints.ask(client, "j", nil) == "epoch-2")
    let shards = ShardLayout(readers: 2, partitions: 2).shards(of: "k", stages: 2)
    for _ in 0..<2 { try store.register("k", shards, layout: "l", origin: "j/s") }
    let begin = try #require(try store.cuts().last)
    #expect(begin.layout.version == 0 && begin.origin == "j/s" && begin.target?.version == 1)
    #expect(try store.replace(begin, stages: 2, epochs: [:]))
    #expect(try store.renew(jobs: ["k"], running: [], time: Self.second).leases.map(\.shard) == shards)
    try store.register("k", shards, layout: "l", origin: "j/s")
  }

  @Test("a former cut is there until it is emptied; the rows of its sinks go a week later, and no others")
  func former() throws {
    let database = try TestDatabase()
    let (store, client) = (store(database, "a", 1), database.client)
    try client.execute("CREATE TABLE sink_ledger (job text, sink text)")
    try store.register("j", changed(1, 2), layout: "l")
    for partitions in 3...4 {
      _ = try store.rescale("j") { ShardLayout(readers: $0.readers, partitions: partitions) }
      try drainAll(store)
      try client.execute("UPDATE shard_lease SET pinned_version = \(partitions) + shard")
      #expect(try store.replace(try #require(try store.cuts().first), stages: 2, epochs: [:]))
    }
    let first = ShardLayout(readers: 1, partitions: 2)
    let second = ShardLayout(version: 2, readers: 1, partitions: 3)
    let found = try store.former("j")
    // The state is that of the cut before, so it was kept before the same definition.
    #expect(found.cuts == [first, second] && found.pinned == 4)
    #expect(try store.renew(jobs: ["j"], running: [], time: Self.second).former == ["j": [first, second]])
    for name in ["j.0.0", "j.1.1", "j.1.2", "j.v2.1.2", "j.v3.1.0", "j", "other.0.0"] {
      try client.query("INSERT INTO sink_ledger VALUES ($1, 's')", [name])
    }
    try store.emptied("j", version: 1)
    #expect(try store.former("j").cuts == [second])
    try store.removeFences("j", stages: 2)
    #expect(try client.query("SELECT count(*) FROM sink_ledger").scalar == "7")
    try client.execute("UPDATE former_cut SET at = now() - interval '8 days'")
    for _ in 0..<2 { try store.removeFences("j", stages: 2) }
    let left = try client.query("SELECT string_agg(job, ' ' ORDER BY job) FROM sink_ledger").scalar
    #expect(left == "j j.1.2 j.v2.1.2 j.v3.1.0 other.0.0")
    #expect(try store.former("j").cuts == [second])
  }

  @Test("a job that workers have planned and never ran can begin with a savepoint; one that ran cannot")
  func beginning() throws {
    let database = try TestDatabase()
    let store = store(database, "a", 1)
    let shards = ShardLayout(readers: 2, partitions: 2).shards(of: "k", stages: 2)
    try store.register("k", shards, layout: "l")
    func begin(_ job: String) throws {
      try database.client.transaction { try LeaseStore.begin(database.client, job, shards, travels: "l", from: "j/s") }
    }
    try begin("k")
    #expect(throws: LayoutRefused.self) { try begin("k") }
    let cut = try #require(try store.cuts().first)
    #expect(cut.layout.version == 0 && cut.origin == "j/s" && cut.target?.shards(of: "k", stages: 2) == shards)
    #expect(try store.renew(jobs: ["k"], running: [], time: Self.second).leases.isEmpty)
    // A worker that plans it once more changes nothing.
    try store.register("k", shards, layout: "l")
    #expect(try store.cuts() == [cut])
    #expect(try store.replace(cut, stages: 2, epochs: [:]))
    #expect(throws: LayoutRefused.self) { try begin("k") }
    #expect(try store.claim(shards, time: Self.second).count == shards.count)
    try store.register("ran", [shards[0]].map { JobShard(job: "ran", stage: 0, index: 0, count: $0.count) }, layout: "l")
    _ = try store.claim([JobShard(job: "ran", stage: 0, index: 0, count: 2)], time: Self.second)
    #expect(throws: LayoutRefused.self) { try begin("ran") }
  }

  @Test("a job begins with a savepoint although a worker plans it at the same moment", arguments: [true, false])
  func beginningBesideWorkers(workerIsFirst: Bool) async throws {
    let database = try TestDatabase()
    let (store, watcher) = (store(database, "a", 1), database.client)
    try store.prepare()
    let shards = ShardLayout(readers: 2, partitions: 2).shards(of: "k", stages: 2)
    let first = try PostgresClient(PostgresOptions(url: database.url))
    defer { first.close() }
    try first.execute("BEGIN")
    if workerIsFirst {
      #expect(try LeaseStore.begin(first, "k", shards, travels: "l", origin: nil))
    } else {
      try LeaseStore.begin(first, "k", shards, travels: "l", from: "j/s")
    }
    let url = database.url
    let other = Task.detached {
      if workerIsFirst {
        let second = try PostgresClient(PostgresOptions(url: url))
        defer { second.close() }
        try second.transaction { try LeaseStore.begin(second, "k", shards, travels: "l", from: "j/s") }
      } else {
        try store.register("k", shards, layout: "l")
      }
    }
    // The second waits for the first, which has not said yet that it is done.
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while try watcher.query(waiting).scalar == "0" { try await Task.sleep(nanoseconds: 2_000_000) }
    try first.execute("COMMIT")
    try await other.value
    #expect(try store.cuts().map(\.origin) == ["j/s"])
    #expect(try store.renew(jobs: ["k"], running: [], time: Self.second).leases.isEmpty, "they would keep the first cut from being made")
  }

  @Test("a job is not drained while a worker that lives cannot drain")
  func oldWorkers() throws {
    let database = try TestDatabase()
    let store = store(database, "a", 1)
    try store.register("j", changed(1, 2), layout: "l")
    _ = try store.renew(jobs: ["j"], running: [], time: 60 * Self.second)
    try database.client.execute("UPDATE worker SET drains = false")
    #expect { try store.register("j", changed(1, 3), layout: "l") } throws: { "\($0)".contains("earlier version") }
    #expect(try store.cuts().first?.isDraining == false)
  }

  @Test("shards of a definition begin when nobody holds one of another, and a lease that ran out under an earlier one is not renewed")
  func definitions() throws {
    let database = try TestDatabase()
    let (first, second) = (store(database, "a", 1), store(database, "b", 2))
    try first.register("j", shards, layout: "l")
    let server = try PostgresClient(PostgresOptions(url: database.url))
    defer { server.close() }
    func put(_ document: String) throws -> UInt64 {
      try server.transaction { try JobDefinitions.put(server, "j", document, .running, losesState: false) }
      return try JobDefinitions.all(server)[0].version
    }
    let old = try put("one")
    #expect(try first.claim([shards[0]], time: 60 * Self.second).isEmpty, "a worker with a file")
    #expect(try first.claim([shards[0], shards[1]], versions: ["j": old], time: 60 * Self.second).count == 2)
    let new = try put("two")
    #expect(try JobDefinitions.all(server)[0].held == [old])
    #expect(try second.claim(shards, versions: ["j": old], time: 60 * Self.second).isEmpty, "an earlier definition")
    #expect(try second.claim(shards, versions: ["j": new], time: 60 * Self.second).isEmpty, "beside an earlier one")
    try first.release(shards[0], generation: 1, epoch: 3, .stopped)
    // The other worker is silent for longer than its lease.
    _ = try first.renew(jobs: ["j"], running: [(shards[1], 1, 5)], time: 1_000)
    Thread.sleep(forTimeInterval: 0.02)
    _ = try first.renew(jobs: ["j"], running: [(shards[1], 1, 6)], time: 60 * Self.second)
    #expect(try second.claim(shards, versions: ["j": new], time: 60 * Self.second).count == shards.count)
    #expect(try JobDefinitions.all(server)[0].held == [new])
    try server.transaction { try JobDefinitions.set(server, "j", .stopped) }
    try second.release(shards[2], generation: 1, epoch: 3, .stopped)
    #expect(try second.claim([shards[2]], versions: ["j": new], time: 60 * Self.second).isEmpty, "a job that is to stand")
    try server.transaction { try JobDefinitions.remove(server, "j") }
    #expect(try second.idle() == ["j"])
    #expect(try put("one") > new, "a version is no other's, also after the job was deleted")
  }

  @Test("what steps do is kept while somebody looks, and what was told an earlier time is forgotten")
  func watching() throws {
    let database = try TestDatabase()
    let store = store(database, "a", 1)
    try store.register("j", shards, layout: "l")
    let server = database.client
    try JobDefinitions.put(server, "j", "document", .running, losesState: false)
    let version = try JobDefinitions.all(server)[0].version
    #expect(try store.claim([shards[0]], versions: ["j": version], time: 60 * Self.second).count == 1)
    func load() throws -> String? { try ShardBoard(server).shards["j"]?[0].load }
    try store.report([(shards[0], 1, 10, 2, "old")])
    #expect(try !JobDefinitions.all(server)[0].isWatched && load() == nil)
    try JobDefinitions.watch(server, "j")
    #expect(try JobDefinitions.all(server)[0].isWatched && load() == nil)
    try store.report([(shards[0], 1, 10, 2, #"{"steps": []}"#)])
    try JobDefinitions.watch(server, "j")
    #expect(try load() == #"{"steps": []}"#)
    try store.report([(shards[0], 1, 11, 2, nil), (shards[1], 1, 5, 0, "of another owner")])
    let rows = try #require(try ShardBoard(server).shards["j"])
    #expect(rows[0].records == 11 && rows[0].load == #"{"steps": []}"# && rows[1].load == nil && rows[1].records == 0)
    try server.execute("UPDATE sharded_definition SET watched_until = now()")
    #expect(try load() == nil)
  }

  @Test("a look stands among the definitions for as long as the server says that it is there; its records come in order, once")
  func looking() throws {
    let database = try TestDatabase()
    let (store, server) = (store(database, "a", 1), database.client)
    try store.register("j", shards, layout: "l")
    #expect(try JobTaps.open(server, "j", "s", rate: 5, limit: 2) == nil, "of a job that is not there")
    try JobDefinitions.put(server, "j", "document", .running, losesState: false)
    #expect(try store.wanted()[0].taps.isEmpty)
    let first = try #require(try JobTaps.open(server, "j", "s", rate: 5, limit: 2))
    let second = try #require(try JobTaps.open(server, "j", "s.errors", rate: 50, limit: 2))
    #expect(try JobTaps.open(server, "j", "s", rate: 5, limit: 2) == nil, "more than the job bears")
    #expect(
      try store.wanted()[0].taps == [WantedTap(id: first, edge: "s", rate: 5), WantedTap(id: second, edge: "s.errors", rate: 50)])
    let records = [(first, 3, #"{"a":"\"\\ 'ü\u0000"}"#), (second, 1, "{}"), (first, 2, "{}")].map {
      JobTaps.Record(tap: $0, passed: $1, json: $2)
    }
    try store.hand([])
    try store.hand(records)
    #expect(try JobTaps.take(server, first) == [records[0], records[2]])
    #expect(try JobTaps.take(server, first).isEmpty && JobTaps.take(server, second) == [records[1]])
    // The server is silent for too long.
    try server.execute("UPDATE sharded_tap SET until = now() WHERE id = \(first)")
    #expect(try store.wanted()[0].taps.map(\.id) == [second])
    try store.hand(records)
    #expect(try JobTaps.take(server, first).isEmpty)
    #expect(try JobTaps.keep(server, first) && store.wanted()[0].taps.map(\.id) == [first, second], "it was only late")
    try store.hand(records)
    try server.execute("UPDATE sharded_tap SET until = now() WHERE id = \(first)")
    try store.sweepTaps()
    #expect(try !JobTaps.keep(server, first) && JobTaps.keep(server, second))
    #expect(try database.rows("SELECT DISTINCT tap FROM sharded_tap_record") == ["\(second)"])
    let third = try #require(try JobTaps.open(server, "j", "s", rate: 5, limit: 2))
    #expect(third > second)
    try JobTaps.close(server, third)
    try store.hand([JobTaps.Record(tap: third, passed: 1, json: "{}")])
    try JobDefinitions.remove(server, "j")
    let left = "SELECT (SELECT count(*) FROM sharded_tap), (SELECT count(*) FROM sharded_tap_record)"
    #expect(try database.rows(left) == ["0|0"])
  }

  @Test("a database that is not there is an error that may pass")
  func away() {
    let store = LeaseStore(url: "postgresql://127.0.0.1:1/none", worker: "a", process: 1)
    #expect { try store.register("j", shards, layout: "l") } throws: { ($0 as? LeasesUnavailable)?.mayPass == true }
  }
}
