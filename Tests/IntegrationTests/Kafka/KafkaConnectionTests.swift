#if Kafka
import Connectors
import Dataflow
import Testing

@Suite("kafka connections")
struct KafkaConnectionTests {
  private func code(_ options: [String: Config.Value]) -> String? {
    let connection = Config(["brokers": .list([.string("127.0.0.1:1")])].merging(options) { $1 })
    do {
      _ = try Topics.client(connection)
      return nil
    } catch { return (error as? Diagnostic)?.code ?? "\(error)" }
  }

  private func properties(_ name: String, _ value: String) -> [String: Config.Value] {
    ["properties": .map([(key: name, value: .string(value))])]
  }

  @Test("options that cannot be used are told when the job is planned, by their names")
  func options() {
    #expect(code([:]) == nil)
    #expect(code(["brokers": .list([])]) == "kafka.brokers")
    #expect(code(["brokers": .list([.string("a,b")])]) == "kafka.brokers")
    #expect(code(["maxRecordBytes": .byteCount(10)]) == "kafka.record-bytes")
    #expect(code(["connectTimeout": .duration(1)]) == "kafka.timeout")
    #expect(code(["progressTopic": .string("a/b")]) == "topic.name")
    #expect(code(["tls": .object(Config(["ca": .string("/nowhere.pem")]))]) == "kafka.tls")
    #expect(code(["sasl": .object(Config(["username": .string("u"), "password": .string("p")]))]) == nil)
    #expect(code(properties("client.rack", "a")) == nil)
    #expect(code(properties("no.such.thing", "a")) == "kafka.property")
    #expect(code(properties("linger.ms", "soon")) == "kafka.property")
  }

  @Test(
    "what exactly-once rests on cannot be set",
    arguments: ["isolation.level", "transactional.id", "enable.idempotence", "acks", "group.id"])
  func protected(name: String) { #expect(code(properties(name, "1")) == "kafka.property") }
}
#endif
