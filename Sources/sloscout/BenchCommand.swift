internal import ArgumentParser
internal import Benchmarks

/// Figures, one JSON line each.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures the engine on this machine.",
    subcommands: [
      Fingerprint.self, Traces.self, Text.self, State.self, Restart.self, Topics.self, OTLP.self, Receiver.self, Search.self,
      Embedding.self, Vectors.self, Placement.self,
    ])

  struct Fingerprint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the shipped fingerprint job over a file of JSON lines.")
    @Option(help: "JSON lines to read.") var input: String
    @Option(help: "Threads, and the job's parallelism.") var threads = 1
    @Option(help: "The job file.") var jobs = "jobs.yaml"
    @Option(help: "shape (as peers are measured) or capsule (the product's key).") var key = "shape"
    @Option(help: "Folder for result rows; by default they are counted and forgotten.") var output: String?
    @Option(help: "Folder for checkpoints that stay; by default they are removed at the end.") var state: String?
    @Option(help: "Milliseconds between checkpoints; by default the job's.") var intervalMilliseconds: Int?
    @Flag(help: "End at the first record.") var firstRecord = false

    func run() async throws {
      guard let key = FingerprintBenchmark.Key(rawValue: key) else { throw ValidationError("--key is shape or capsule") }
      var benchmark = FingerprintBenchmark(jobFile: jobs, input: input, threads: threads, key: key, output: output)
      benchmark.state = state
      benchmark.interval = intervalMilliseconds.map { Int64($0) * 1_000_000 }
      benchmark.endsAtFirstRecord = firstRecord
      Terminal.print(try await benchmark.run())
    }
  }

  struct Traces: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the shipped job traces over a file of OTLP/JSON requests.")
    @Option(help: "OTLP/JSON requests to read, one a line; gzip and zstd are unpacked.") var input: String
    @Option(help: "Threads, and the job's parallelism.") var threads = 1
    @Option(help: "The job file.") var jobs = "jobs.yaml"

    func run() async throws { Terminal.print(try await TracesBenchmark(jobFile: jobs, input: input, threads: threads).run()) }
  }

  struct Text: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Scanning, redacting and template look-up alone, over the lines of a file, on one thread.")
    @Option(help: "Log messages, one a line.") var input: String
    @Option(help: "About how many seconds of CPU time to measure.") var seconds = 3.0

    func run() throws { Terminal.print(try TextBenchmark(input: input, seconds: seconds).run()) }
  }

  struct State: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keyed state: update time, barrier pause, and bytes of full and incremental checkpoints.")
    @Option(help: "Keys in the table.") var keys = 10_000_000

    func run() throws { Terminal.print(try StateBenchmark(keys: keys).run()) }
  }

  struct Placement: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A worker's look at the leases of a job of two stages, beside many workers: what it computes, without the database.")
    @Option(help: "Workers that live.") var workers = 1_000
    @Option(help: "Shards of each stage.") var partitions = 10_000

    func validate() throws {
      guard workers > 1, partitions > 0 else { throw ValidationError("--workers is above 1, --partitions above 0") }
    }

    func run() { Terminal.print(PlacementBenchmark(workers: workers, partitions: partitions).run()) }
  }

  struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Kills the job with SIGKILL and measures from the start of a new process to its first record.")
    @Option(help: "JSON lines to read; large enough to run for a second.") var input: String
    @Option(help: "The job file.") var jobs = "jobs.yaml"

    func run() throws { Terminal.print(try RestartBenchmark(program: CommandLine.arguments[0], jobFile: jobs, input: input).run()) }
  }

  struct OTLP: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "otlp", abstract: "OTLP on one core: protobuf to what the spool keeps, and that to rows.")
    @Option(help: "traces, logs or metrics.") var signal = "traces"
    @Option(help: "OTLP/JSON requests to decode, one a line; by default such as the benchmark makes.") var input: String?
    @Option(help: "About how many seconds of CPU time each figure takes.") var seconds = 2.0

    func run() throws {
      guard let benchmark = OTLPBenchmark(signal: signal, input: input, seconds: seconds) else {
        throw ValidationError("--signal is traces, logs or metrics")
      }
      Terminal.print(try benchmark.run())
    }
  }

  struct Receiver: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "OTLP over HTTP from the socket to the spool on the disk, and how long senders wait at half of that load.")
    @Option(help: "traces, logs or metrics.") var signal = "traces"
    @Option(help: "About how long each of the two parts takes.") var seconds = 3.0

    func run() throws {
      guard let benchmark = ReceiverBenchmark(signal: signal, seconds: seconds) else {
        throw ValidationError("--signal is traces, logs or metrics")
      }
      Terminal.print(try benchmark.run())
    }
  }

  struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Search by meaning: quality on labelled questions, speed of embedding.")
    @Option(help: "A folder of JSON lines with event_id and template, one file a system.") var templates: String
    @Option(help: "JSON lines with query, system and expected.") var questions: String
    @Option(help: "Write the ten best of each question here.") var ranks: String?
    @Option(help: "The model's folder (scripts/model.sh).") var model = ".model"
    @Flag(help: "By words only, without the model.") var words = false

    func run() throws {
      Terminal.print(try SearchBenchmark(templates: templates, questions: questions, ranks: ranks, model: words ? nil : model).run())
    }
  }

  struct Vectors: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The nearest among many vectors: exactly and by the graph, how fast and how many of them; on one thread.")
    @Option(help: "How many vectors.") var count = 100_000
    @Option(help: "How many questions.") var questions = 500
    @Option(help: "Candidates that the graph keeps, one row of figures each; as in search unless given.") var effort: [Int] = []
    @Option(help: "A folder of JSON lines with template: the vectors of texts made of them, 400 a second. Made up without it.")
    var templates: String?
    @Option(help: "With --templates: the model's folder (scripts/model.sh).") var model = ".model"
    @Option(help: "With --templates: where vectors are kept, and taken from when they are there.") var file: String?

    func run() throws {
      guard count > 0, questions > 0 else { throw ValidationError("--count and --questions are above 0") }
      var benchmark = VectorBenchmark(count: count, questions: questions)
      (benchmark.templates, benchmark.model, benchmark.file) = (templates, model, file)
      if !effort.isEmpty { benchmark.efforts = effort }
      try benchmark.run { Terminal.print($0) }
    }
  }

  struct Embedding: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What it costs to embed a stream of capsules most of whose templates are known, with the model in this process.")
    @Option(help: "Records of capsules.") var events = 100_000
    @Option(help: "How many of a hundred have a template that was there before.") var hits = 99.0
    @Option(help: "The model's folder (scripts/model.sh).") var model = ".model"
    @Flag(help: "With a deduplicate by shape in front, as the shipped job has it.") var deduplicate = false

    func run() async throws {
      guard events > 0, (0...100).contains(hits) else { throw ValidationError("--events is above 0, --hits from 0 to 100") }
      var benchmark = EmbeddingBenchmark(events: events, hits: hits, model: model)
      benchmark.deduplicates = deduplicate
      Terminal.print(try await benchmark.run())
    }
  }

  struct Topics: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Topics on local disk: append, read, open again, find an offset.")
    @Option(help: "How much to append and read.") var megabytes = 512
    @Option(help: "Where; by default a temporary folder.") var folder: String?
    @Option(help: "Also encode and decode with this schema of telemetry: schemas/TelemetryEvent.avsc.") var schema: String?

    @Option(help: "Brokers of Kafka, as host:port: measures the source there instead.") var kafka: [String] = []
    @Option(help: "With --kafka: records to write and read.") var records = 1_000_000

    func run() throws {
      guard !kafka.isEmpty else { return Terminal.print(try TopicBenchmark(megabytes: megabytes, folder: folder, schema: schema).run()) }
      #if Kafka
      Terminal.print(try KafkaTopicBenchmark(brokers: kafka, records: records).run())
      #else
      Terminal.error("this program was built without Kafka\n  hint: build it with: swift build -c release --traits Kafka")
      throw ExitCode(Exit.wrongFile)
      #endif
    }
  }
}
