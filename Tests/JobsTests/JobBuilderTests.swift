internal import Dataflow
internal import FakeCatalog
internal import Jobs
internal import Testing

@Suite struct JobBuilderTests {
  static let schema = Schema([("id", .bytes), ("at", .time)])

  static func source(replayable: Bool = true) -> PlannedSource {
    PlannedSource(schema: schema, isReplayable: replayable, isBounded: true) { throw CannotRun() }
  }
  static func sink() -> PlannedSink { PlannedSink(delivery: .exactlyOnce { throw CannotRun() }) { throw CannotRun() } }
  static func same(_ schema: Schema) -> PlannedOperator { PlannedOperator(schema: schema) { throw CannotRun() } }
  static func window(_ schema: Schema) -> PlannedOperator {
    PlannedOperator(schema: schema, keyFields: [schema.fields[0]], needsTime: true, hasLateOutput: true) { throw CannotRun() }
  }

  @Test("a job in Swift is the same graph as the job in YAML")
  func same() throws {
    let job = JobBuilder("copy")
    let lines = job.source("lines", type: "file", Self.source(), time: TimePolicy(field: "at"))
    let ok = lines.via("complete", type: "require", onError: .route, Self.same)
    let hours = ok.via("hours", type: "window", Self.window)
    hours.to("out", type: "file", Self.sink())
    ok.errors.merged(with: hours.late).to("bad", type: "file", Self.sink())
    let graph = try job.build()
    let yaml = Loader.load(
      """
      apiVersion: sloscout/v1
      kind: Job
      metadata: { name: copy }
      spec:
        sources:
          lines: { type: file, time: { field: timestamp }, config: { path: in } }
        operators:
          complete: { type: require, inputs: [lines], onError: route, config: { fields: [count] } }
          hours: { type: tumbling-window, inputs: [complete], config: { size: 1h, keyBy: [service], aggregate: { count: { type: count } } } }
        sinks:
          out: { type: file, inputs: [hours], config: { path: out } }
          bad: { type: file, inputs: [complete.errors, hours.late], config: { path: bad } }

      """)
    let other = try #require(yaml.jobs.first?.graph, "\(Loader.text(yaml))")
    #expect(graph.operators.map(\.inputs) == other.operators.map(\.inputs))
    #expect(graph.sinks.map(\.inputs) == other.sinks.map(\.inputs))
    #expect(graph.operators.map(\.onError) == other.operators.map(\.onError))
    #expect(graph.checkpoint == other.checkpoint)
  }

  @Test("what is wrong with a job in Swift is said all at once, with the codes of job files")
  func wrong() throws {
    let job = JobBuilder("Wrong", parallelism: 0)
    let lines = job.source("lines", type: "socket", Self.source(replayable: false), onError: .route)
    let hours = lines.via("hours", type: "window", Self.window)
    _ = hours.via("nothing", type: "require", Self.same)
    lines.late.to("lines", type: "file", Self.sink())
    let error = try #require(throws: InvalidJob.self) { try job.build() }
    #expect(
      Set(error.diagnostics.map(\.code))
        == Set(
          [DiagnosticCode.duplicateID, .unusedErrors, .dangling, .outOfRange, .unknownOutput, .needsTime, .guarantee].map(\.rawValue)))
    #expect(error.description.contains("job \"Wrong\" cannot run"))
  }

  @Test("streams with different fields cannot feed one sink")
  func differ() throws {
    let job = JobBuilder("x")
    let lines = job.source("lines", type: "file", Self.source(), onError: .route)
    lines.merged(with: lines.errors).to("out", type: "file", Self.sink())
    let error = try #require(throws: InvalidJob.self) { try job.build() }
    #expect(error.diagnostics.map(\.code) == [DiagnosticCode.inputsDiffer.rawValue])
  }

  @Test("streams with the same fields in other columns cannot feed one sink: records of one would be misread as those of the other")
  func otherColumns() throws {
    let job = JobBuilder("x")
    func source(_ fields: [(String, ColumnType)]) -> PlannedSource {
      var source = Self.source()
      source.schema = Schema(fields)
      source.decoders = []
      return source
    }
    let one = job.source("one", type: "file", source([("a", .bytes), ("b", .bytes)]))
    let other = job.source("other", type: "file", source([("b", .bytes), ("a", .bytes)]))
    one.merged(with: other).to("out", type: "file", Self.sink())
    let error = try #require(throws: InvalidJob.self) { try job.build() }
    #expect(error.diagnostics.map(\.code) == [DiagnosticCode.inputsDiffer.rawValue])
  }

  @Test("order and cycle agree with a naive model on random graphs")
  func randomGraphs() {
    for seed in 0..<300 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let count = 1 + Int(random.next() % 12)
      let nodes = (0..<count).map { index in
        GraphShape.Node(
          id: "n\(index)", role: .operator, inputs: (0..<Int(random.next() % 3)).map { _ in NodeInput("n\(random.next() % UInt64(count))") }
        )
      }
      let shape = GraphShape(job: "x", nodes: nodes)
      // Naive: take away nodes all of whose inputs were taken away, until nothing moves.
      var taken: Set<String> = []
      while let next = nodes.first(where: { node in !taken.contains(node.id) && node.inputs.allSatisfy { taken.contains($0.node) } }) {
        taken.insert(next.id)
      }
      let order = shape.order().map { nodes[$0].id }
      #expect(Set(order) == taken && order.count == taken.count, "seed \(seed)")
      for (position, id) in order.enumerated() {
        let node = nodes.first { $0.id == id }!
        #expect(node.inputs.allSatisfy { order[..<position].contains($0.node) }, "seed \(seed)")
      }
      let cycle = shape.cycle()
      #expect((cycle == nil) == (taken.count == count), "seed \(seed)")
      if let cycle {
        #expect(cycle.first == cycle.last && cycle.count >= 2, "seed \(seed)")
        for (from, to) in zip(cycle, cycle.dropFirst()) {
          #expect(nodes.first { $0.id == to }!.inputs.contains(NodeInput(from)), "seed \(seed): \(cycle)")
        }
      }
    }
  }
}
