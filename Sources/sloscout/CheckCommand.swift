internal import ArgumentParser
internal import Jobs

/// Says what is wrong with job files.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Checks job files: every mistake at once, with its place and a cure. Exit code 2 when there is one.",
    discussion: "EXAMPLE\n  sloscout check jobs.yaml")
  @OptionGroup var options: JobOptions

  func run() throws {
    let loaded = try options.load()
    for job in loaded.jobs { Terminal.print("job \"\(job.definition.name)\" can run") }
  }
}

/// Shows what a job comes to.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Shows jobs with every default filled in, and the plan.",
    discussion: "EXAMPLES\n  sloscout explain jobs.yaml\n  sloscout explain --graphviz | dot -Tsvg > plan.svg")
  @OptionGroup var options: JobOptions
  @Flag(help: "The plan as Graphviz instead of text.") var graphviz = false

  func run() throws {
    let jobs = try options.jobs()
    for job in jobs {
      if graphviz {
        Terminal.print(PlanPrinter.graphviz(job.graph))
      } else {
        Terminal.print(DocumentPrinter(catalog: .standard).text(job.definition))
        Terminal.print(PlanPrinter.text(job.graph))
      }
    }
  }
}

/// Writes what job files may say: the JSON schema, or a page for people.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Prints the JSON schema of job files, for editors; or the reference of all components.",
    discussion: """
      EXAMPLES
        sloscout schema > docs/reference/jobs.schema.json
        sloscout schema --markdown > docs/reference/components.md
      """)
  @Flag(help: "The reference of all components as Markdown.") var markdown = false

  func run() { Terminal.output(markdown ? ComponentReference(catalog: .standard).text() : JobSchema(catalog: .standard).text()) }
}
