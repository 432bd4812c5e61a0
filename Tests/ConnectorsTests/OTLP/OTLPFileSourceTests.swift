import Connectors
import Dataflow
import Testing

@Suite struct OTLPFileSourceTests {
  /// Stands where the file source stands: its plan has a guard that shows the line only.
  static let files = SourceType(
    Descriptor(
      type: "file", summary: "",
      fields: [ConfigField("path", .any, required: true, ""), ConfigField("maxLineBytes", .byteCount, default: "1MiB", "")])
  ) { _ in
    let schema = Schema([("line#error", .bytes), ("line", .bytes)])
    let shown = schema.selecting([(schema.fields[1], "line")])
    return PlannedSource(
      schema: schema, isReplayable: true, isBounded: true, decoders: [PlannedOperator(schema: shown) { Nothing() }], make: { fatalError() })
  }

  final class Nothing: Operator {
    func process(_ batch: RecordBatch, _ output: Output) throws { try output.emit(batch) }
  }

  @Test("the plan is that of the file source with a decoder behind it")
  func plan() throws {
    let type = OTLPFileSource.type(reading: Self.files)
    #expect(type.descriptor.type == "otlp-file")
    #expect(type.descriptor.fields.map(\.name) == ["path", "maxLineBytes", "signal"])
    #expect(type.descriptor.fields[1].defaultValue == "64MiB")
    let logs = try type.plan(Config())
    #expect(logs.decoders.count == 2 && logs.decoders[1].schema == DecodeOTLPLogs.schema)
    #expect(logs.decoders[1].reads?.map(\.column) == [1])
    let traces = try type.plan(Config(["signal": .string("traces")]))
    #expect(traces.decoders[1].schema == DecodeOTLPSpans.schema)
    #expect(try traces.decoders[1].make() is DecodeOTLPSpans)
  }
}
