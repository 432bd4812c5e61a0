import Connectors
import Dataflow
import Testing

@Suite struct OTLPFileSourceTests {
  @Test("the plan is that of the file source with a decoder behind it")
  func plan() throws {
    let type = OTLPFileSource.type
    #expect(type.descriptor.type == "otlp-file")
    #expect(type.descriptor.fields.map(\.name) == FileSource.descriptor.fields.map(\.name) + ["signal"])
    #expect(type.descriptor.fields.first { $0.name == "maxLineBytes" }?.defaultValue == "16MiB")

    let options: [String: Config.Value] = ["path": .any(ConfigValue(.string("telemetry.jsonl"))), "maxLineBytes": .byteCount(16 << 20)]
    let files = try FileSource.type.plan(Config(options))
    let logs = try type.plan(Config(options))
    #expect(logs.schema == files.schema && logs.isReplayable && logs.isBounded)
    #expect(logs.decoders.count == files.decoders.count + 1)
    #expect(logs.decoders.last?.schema == DecodeOTLPLogs.schema)
    #expect(try logs.decoders.last?.make() is DecodeOTLPLogs)

    let traces = try type.plan(Config(options.merging(["signal": .string("traces")]) { $1 }))
    #expect(traces.decoders.last?.schema == DecodeOTLPSpans.schema)
    #expect(try traces.decoders.last?.make() is DecodeOTLPSpans)
  }
}
