internal import Dataflow
internal import Jobs
import Testing

@Suite("the places of a job's checkpoints")
struct CheckpointPlaceTests {
  private func load(_ checkpoint: String, edits: [DocumentEdit] = []) -> LoadedJobs {
    let text = """
      apiVersion: sloscout/v1
      kind: Connection
      metadata: { name: objects }
      spec: { type: s3, config: { endpoint: "https://host:9000", accessKey: key, secretKey: "${SECRET}" } }
      ---
      apiVersion: sloscout/v1
      kind: Connection
      metadata: { name: topics }
      spec: { type: local, config: { path: topics } }
      ---
      apiVersion: sloscout/v1
      kind: Job
      metadata: { name: copy }
      spec:
        checkpoint: \(checkpoint)
        sources:
          lines: { type: generate, config: { records: 1 } }
        sinks:
          gone: { type: discard, inputs: [lines], delivery: live }
      """
    var loader = JobLoader(catalog: .standard, environment: ["SECRET": "hush"])
    loader.edits = edits
    return loader.load([("jobs.yaml", Array(text.utf8))])
  }

  @Test("a folder, a bucket with a connection or without, and two of them")
  func places() throws {
    for (written, expected) in [
      ("{ store: file:///var/x }", ["/var/x"]), ("{ store: s3://bucket/a }", ["s3://bucket/a"]),
      ("{ store: x, secondCopy: s3://bucket/a, secondCopyConnection: objects }", ["x", "s3://bucket/a objects"]),
      ("{ store: s3://bucket/a, connection: objects, secondCopy: y }", ["s3://bucket/a objects", "y"]),
    ] {
      let loaded = load(written)
      #expect(loaded.diagnostics.isEmpty, "\(Loader.text(loaded))")
      let places = try #require(loaded.jobs.first).definition.checkpointPlaces
      #expect(places.map { $0.text + ($0.connection.map { " \($0)" } ?? "") } == expected)
      #expect(places.allSatisfy { ($0.connection == nil) == ($0.config == nil) })
    }
  }

  @Test(
    "what is no place, and connections that are missing, of another type or of no use, are reported",
    arguments: [
      ("{ store: gs://bucket/a }", "config.not-a-choice"), ("{ store: s3://B }", "config.not-a-choice"),
      ("{ store: '' }", "config.not-a-choice"),
      ("{ store: s3://bucket/a, connection: object }", "job.unknown-connection"),
      ("{ store: s3://bucket/a, connection: topics }", "job.wrong-connection"),
      ("{ store: x, connection: objects }", "job.wrong-connection"), ("{ secondCopyConnection: objects }", "job.wrong-connection"),
    ])
  func wrong(written: String, code: String) {
    let loaded = load(written)
    #expect(Loader.codes(loaded) == [code] && loaded.jobs.isEmpty, "\(Loader.text(loaded))")
  }

  @Test("explain shows the place and never the secret; a folder on the command line drops the bucket's connection")
  func printed() throws {
    let loaded = load("{ store: s3://bucket/a, connection: objects }")
    let text = DocumentPrinter(catalog: .standard).text(loaded)
    #expect(text.contains("s3://bucket/a") && !text.contains("hush"))
    for state in ["elsewhere", "s3://other/b"] {
      let moved = load("{ store: s3://bucket/a, connection: objects }", edits: JobOverride.state(state))
      #expect(moved.diagnostics.isEmpty, "\(Loader.text(moved))")
      #expect(moved.jobs.first?.definition.checkpointPlaces.map(\.text) == [state])
      #expect(moved.jobs.first?.definition.checkpointPlaces.first?.connection == (state == "elsewhere" ? nil : "objects"))
    }
  }
}
