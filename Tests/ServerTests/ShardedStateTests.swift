import Connectors
import Dataflow
import Jobs
import Server
import Testing

@Suite("jobs over workers, as the server shows them")
struct ShardedStateTests {
  /// Three shards of version 4, each with a worker.
  private func board(_ change: (inout ShardBoard) -> Void = { _ in }) -> ShardBoard {
    var board = ShardBoard()
    board.shards["j"] = (0..<3).map { index in
      var row = ShardBoard.Row(shard: JobShard(job: "j", stage: index == 0 ? 0 : 1, index: index, count: 3))
      (row.worker, row.version, row.records, row.epoch) = ("w\(index % 2)", 4, 10, 7)
      return row
    }
    board.workers = ["w0", "w1"].map { ShardBoard.Worker(name: $0, jobs: ["j"]) }
    change(&board)
    return board
  }

  private func state(_ wanted: WantedJob.State, _ board: ShardBoard, version: UInt64 = 4) -> ShardedState {
    ShardedState(WantedJob(job: "j", version: version, definition: version, state: wanted), board)
  }

  @Test("a job runs when every shard that is not finished has a worker that lives, and is finished when all are")
  func running() {
    let (phase, message) = state(.running, board()).phase
    #expect(phase == .running && message == "3 shards on 2 workers")
    #expect(state(.running, board { $0.shards["j"]?[1].isFinished = true }).phase.phase == .running)
    let finished = board { board in
      for index in 0..<3 {
        board.shards["j"]?[index].isFinished = true
        board.shards["j"]?[index].worker = nil
      }
    }
    #expect(state(.running, finished).phase.phase == .finished)
    #expect(state(.running, board { $0.shards["j"]?[1].isExpired = true }).phase.phase == .starting)
  }

  @Test("its graph waits for the first report of those that read the sources before it says that there is no input")
  func firstReport() {
    let nothing = #"{"steps":[],"splits":[]}"#
    func reason(_ loads: [String?], _ wanted: WantedJob.State = .running) -> String? {
      let board = board { board in for (index, load) in loads.enumerated() { board.shards["j"]?[index].load = load } }
      let told = loads.compactMap { $0.flatMap { ShardLoad(text: $0) } }
      return GraphView(JobGraph(name: "j"), told, awaitsReaders: state(wanted, board).awaitsReaders).waitsFor
    }
    #expect(reason([nil, nil, nil])?.contains("first report") == true)
    #expect(reason([nil, nothing, nothing])?.contains("first report") == true)
    #expect(reason([nothing, nil, nil]) == "no input has been found yet")
    #expect(reason([#"{"steps":[],"splits":[{"name":"a","isIdle":true}]}"#, nil, nil])?.contains("idle") == true)
    #expect(reason([nil, nil, nil], .stopped) == nil)
  }

  @Test("without workers it waits and names the cure; with workers that cannot run it, it says which and why")
  func waiting() {
    let empty = state(.running, ShardBoard())
    #expect(empty.phase.phase == .waiting && empty.phase.message.contains("sloscout worker"))
    let refusing = board { board in
      board.shards = [:]
      board.workers = [ShardBoard.Worker(name: "w0", jobs: [])]
      board.refused["j"] = [ShardBoard.Refusal(worker: "w0", error: "TOPIC is not set")]
    }
    let (phase, message) = state(.running, refusing).phase
    #expect(phase == .waiting && message.contains("w0: TOPIC is not set"))
  }

  @Test("while shards of an earlier definition run, it is being upgraded; those of a file are in the way")
  func upgrading() {
    let upgrading = state(.running, board(), version: 5)
    #expect(upgrading.phase.phase == .restarting && upgrading.phase.message.contains("3 of 3"))
    #expect(upgrading.count(.former) == 3)
    let (phase, message) = state(.running, board { $0.shards["j"]?[2].version = 0 }).phase
    #expect(phase == .waiting && message.contains("from a file by w0"))
  }

  @Test("a shard that failed is named with its error, and what stops is counted")
  func trouble() {
    let failed = board { board in
      board.shards["j"]?[2].worker = nil
      board.shards["j"]?[2].error = "no disk"
    }
    let (phase, message) = state(.running, failed).phase
    #expect(phase == .restarting && message == "shard 1.2: no disk")
    #expect(state(.stopped, board()).phase.phase == .stopping)
    let free = board { board in for index in 0..<3 { board.shards["j"]?[index].worker = nil } }
    #expect(state(.stopped, free).phase.phase == .suspended && state(.stopped, free).count(.stopped) == 3)
    #expect(state(.cancelled, free).phase.message.contains("at once"))
  }

  @Test("a shard that is drained waits for nobody: the job is cut anew")
  func drained() {
    let draining = board { board in
      board.shards["j"]?[0].isDrained = true
      board.shards["j"]?[0].worker = nil
    }
    let (phase, message) = state(.running, draining).phase
    #expect(phase == .restarting && message == "the job is cut anew: 1 of 3 shards are at their last checkpoint")
    #expect(state(.running, draining).count(.drained) == 1 && state(.running, draining).count(.waiting) == 0)
    #expect(state(.stopped, draining).count(.drained) == 1)
  }

  @Test("records are those of the first stage, and the age is that of the oldest checkpoint of what is not finished")
  func numbers() {
    let aged = board { board in for index in 0..<3 { board.shards["j"]?[index].age = Double(index) } }
    #expect(state(.running, aged).records == 10 && state(.running, aged).checkpointAge == 2)
  }
}

@Suite("jobs that follow files")
struct JobFileRulesTests {
  private func stored(_ name: String, _ document: String, origin: String?, _ state: StoredJob.State = .running) -> StoredJob {
    StoredJob(name: name, document: document, state: state, revision: 1, updatedAt: "", origin: origin)
  }

  private func file(_ name: String, _ document: String) -> JobFileRules.FileJob {
    JobFileRules.FileJob(name: name, document: document, origin: "/jobs")
  }

  @Test("new and changed jobs are submitted, equal ones left alone, and what was refused is not tried again")
  func puts() {
    let jobs = [file("new", "a"), file("changed", "b"), file("equal", "c"), file("refused", "d"), file("mended", "e")]
    let known = [stored("changed", "x", origin: "/jobs"), stored("equal", "c", origin: nil)]
    let steps = JobFileRules.steps(jobs, stored: known, origins: ["/jobs"], refused: ["refused": "d", "mended": "d"])
    #expect(steps == [.put(jobs[0]), .put(jobs[1]), .put(jobs[4])])
  }

  @Test("what was taken out stops, unless it came from elsewhere, stands already, or not all files could be read")
  func stops() {
    let known = [
      stored("gone", "a", origin: "/jobs"), stored("mine", "a", origin: nil), stored("other", "a", origin: "/other"),
      stored("still", "a", origin: "/jobs", .suspended),
    ]
    #expect(JobFileRules.steps([], stored: known, origins: ["/jobs"], refused: [:]) == [.stop("gone", origin: "/jobs")])
    #expect(JobFileRules.steps([], stored: known, origins: [], refused: [:]).isEmpty)
  }
}
