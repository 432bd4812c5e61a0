internal import ArgumentParser
internal import Connectors
internal import Dataflow
internal import Jobs

/// Looks at dead letters, and puts them back.
struct DLQCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dlq", abstract: "Lists, shows and replays records that jobs refused.",
    discussion: """
      Dead letters are what a sink of type topic with format dead-letter wrote. A replay puts each into the topic it came from, once: how far it came
      stands there, so that it can be stopped at any moment and run again.

      EXAMPLES
        sloscout dlq ls                                              what there is, by stage and reason
        sloscout dlq show --reason not-json                          the letters with that reason
        sloscout dlq replay --reason not-json                        after the fix
        sloscout dlq replay --to raw-telemetry                       also those that came from files
      """, subcommands: [List.self, Show.self, Replay.self], defaultSubcommand: List.self)

  /// Which dead-letter topics and letters a command is about.
  struct Selection: ParsableArguments {
    @Argument(help: "Job files; jobs.yaml when none is named.") var files: [String] = []
    @Option(help: "Only this topic; by default all that the jobs write dead letters into.") var topic: String?
    @Option(help: "Only letters of this stage, an id of the job.") var stage: String?
    @Option(help: "Only letters with this reason.") var reason: String?

    func isWanted(_ letter: DeadLetter) -> Bool { (stage ?? letter.stage) == letter.stage && (reason ?? letter.reason) == letter.reason }

    /// The dead-letter topics that the job files name. Throws exit code 2 when there are none.
    func topics() throws -> [DeadLetterTopic] {
      let loaded = try JobOptions.parse(files).load()
      var found: [DeadLetterTopic] = []
      var seen: Set<String> = []
      for component in loaded.jobs.flatMap(\.definition.components) where component.role == .sink && component.type == "topic" {
        guard component.config?.object("format")?.string("type") == "dead-letter", let name = component.config?.string("topic"),
          topic == nil || topic == name, let connection = loaded.connections.first(where: { $0.name == component.connection }),
          let config = connection.config, seen.insert("\(connection.name)/\(name)").inserted
        else { continue }
        found.append(DeadLetterTopic(try Topics.client(config), name))
      }
      if found.isEmpty {
        Terminal.error(
          "no job of these files writes dead letters into \(topic.map { "the topic \"\($0)\"" } ?? "a topic")\n"
            + "  hint: a sink of type topic with format: { type: dead-letter } does")
        throw ExitCode(Exit.wrongFile)
      }
      return found
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "One line for each stage and reason.")
    @OptionGroup var selection: Selection

    func run() throws {
      for topic in try selection.topics() {
        var groups: [String: (count: Int, oldest: Int64, newest: Int64, detail: String)] = [:]
        let found = try topic.forEach { letter in
          guard selection.isWanted(letter) else { return }
          let name = "\(letter.stage)  \(letter.reason)"
          var group = groups[name] ?? (0, .max, .min, letter.detail)
          group.count += 1
          if letter.timestamp != RecordBatch.noTime {
            (group.oldest, group.newest) = (min(group.oldest, letter.timestamp), max(group.newest, letter.timestamp))
          }
          groups[name] = group
        }
        guard let found else {
          Terminal.print("\(topic.name): there is no such topic yet")
          continue
        }
        if groups.isEmpty { Terminal.print("\(topic.name): no dead letters") }
        for (name, group) in groups.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
          let span = group.newest == .min ? "" : "  \(RFC3339.format(group.oldest)) to \(RFC3339.format(group.newest))"
          Terminal.print(
            "\(topic.name)  \(name)  \(group.count)\(span)\(group.detail.isEmpty ? "" : "  (\(DLQCommand.plain(group.detail)))")")
        }
        if found.others > 0 { Terminal.print("\(topic.name): \(found.others) records are no dead letters") }
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "The letters one by one, oldest first.")
    @OptionGroup var selection: Selection
    @Option(help: "At most so many.") var limit = 20
    @Flag(help: "Only the bytes, as they were read, each on a line.") var bytes = false

    func run() throws {
      var left = limit
      for topic in try selection.topics() {
        _ = try topic.forEach { letter in
          guard left > 0, selection.isWanted(letter) else { return }
          left -= 1
          let content = DLQCommand.plain(letter.bytes.map { String(decoding: $0, as: UTF8.self) } ?? "(no bytes were kept)")
          if bytes {
            Terminal.print(content)
          } else {
            let origin = letter.source.isEmpty ? "" : " from \(DLQCommand.plain(letter.source))\(letter.offset.map { " at \($0)" } ?? "")"
            Terminal.print("\(topic.name)/\(letter.partition) \(letter.position)  \(letter.stage)  \(letter.reason)\(origin)")
            if !letter.detail.isEmpty { Terminal.print("  \(DLQCommand.plain(letter.detail))") }
            Terminal.print("  \(content)")
          }
        }
      }
    }
  }

  struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "replay", abstract: "Puts letters back, each once.")
    @OptionGroup var selection: Selection
    @Option(help: "The topic to put all of them into; by default each goes where it came from.") var to: String?

    func run() throws {
      for topic in try selection.topics() {
        let replay = DeadLetterReplay(topic, to: to, runtime: SystemRuntime(threads: 1), where: selection.isWanted)
        guard let result = try replay.run() else {
          Terminal.print("\(topic.name): there is no such topic yet")
          continue
        }
        Terminal.print(
          "\(topic.name): \(result.replayed) put back\(result.before > 0 ? ", \(result.before) were put back before" : "")"
            + (result.homeless > 0 ? ", \(result.homeless) came from no topic: name one with --to" : ""))
      }
    }
  }

  /// Text from outside, safe for a terminal.
  fileprivate static func plain(_ text: String) -> String {
    var (text, output) = (text, [UInt8]())
    text.withUTF8 { TextWriter.append(text: $0, isQuoted: false, to: &output) }
    return String(decoding: output, as: UTF8.self)
  }
}
