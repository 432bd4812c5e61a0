internal import Dataflow

/// Reads the `tests:` of a job.
struct TestDecoder {
  let components: [ComponentDefinition]

  func decode(_ options: Config, _ collector: inout DiagnosticCollector) -> [JobTestSpec] {
    (options.list("tests") ?? []).compactMap { value in
      if case .object(let test) = value { decode(test: test, &collector) } else { nil }
    }
  }

  private func decode(test: Config, _ collector: inout DiagnosticCollector) -> JobTestSpec? {
    guard let name = test.string("name"), let given = test.list("given"), let expect = test.map("expect") else { return nil }
    guard let source = source(test, &collector) else { return nil }
    var spec = JobTestSpec(name: name, source: source, given: [], expected: [])
    for case .any(let value) in given {
      guard case .map(let entries) = value.content else {
        collector.add(
          Diagnostic(
            .error, .badTest, "what test \"\(name)\" is given is not a record", at: value, detail: "records are maps of fields to values",
            hint: "write { field: value } or watermark: \"2026-01-01T00:00:00Z\""))
        continue
      }
      if entries.count == 1, entries[0].key == "watermark" {
        spec.given.append(.watermark(entries[0].value))
      } else {
        spec.given.append(.record(value))
      }
    }
    for (output, records) in expect {
      guard let input = readable(output, name, test, &collector), case .list(let rows) = records else { continue }
      spec.expected.append((input, rows.compactMap { if case .any(let value) = $0 { value } else { nil } }))
    }
    return spec
  }

  private func source(_ test: Config, _ collector: inout DiagnosticCollector) -> String? {
    let sources = components.filter { $0.role == .source }.map(\.id)
    guard let from = test.string("from") else {
      if sources.count == 1 { return sources[0] }
      if sources.isEmpty { return nil }
      collector.add(
        Diagnostic(
          .error, .badTest, "test \"\(test.string("name") ?? "")\" does not say which source its records stand in for",
          at: test.places["name"],
          detail: "sources are \(sources.joined(separator: ", "))", hint: "add from: \(sources[0])"))
      return nil
    }
    if sources.contains(from) { return from }
    collector.add(
      Diagnostic(
        .error, .badTest, "there is no source \"\(from)\"", at: test.places["from"],
        detail: "sources are \(sources.joined(separator: ", "))",
        hint: NearestName.hint(from, in: sources)))
    return nil
  }

  private func readable(_ text: String, _ test: String, _ options: Config, _ collector: inout DiagnosticCollector) -> NodeInput? {
    let ids = components.filter { $0.role != .sink }.map(\.id)
    if let input = JobDecoder.input(text), ids.contains(input.node) { return input }
    let place = options.places["expect"]?[text]
    collector.add(
      Diagnostic(
        .error, .badTest, "test \"\(test)\" expects records of \"\(text)\", which is no output", at: place,
        detail: "outputs are \(ids.joined(separator: ", ")), and their .errors and .late", hint: NearestName.hint(text, in: ids)))
    return nil
  }
}
