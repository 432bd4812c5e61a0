import Server
import Testing

@Suite("addresses in documents")
struct AddressTests {
  @Test(
    "however a link-local address is written, it is refused",
    arguments: [
      "169.254.169.254", "169.254.0.1", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "::ffff:169.254.169.254",
      "64:ff9b::a9fe:a9fe", "fe80::1", "fd00:ec2::254", "169%2E254%2E169%2E254", "100.100.100.200", "192.0.0.192",
    ])
  func forbidden(_ host: String) { #expect(AddressGuard.isForbidden(host)) }

  @Test(
    "ordinary addresses are not",
    arguments: ["127.0.0.1", "localhost", "10.0.0.7", "192.168.1.1", "169.253.0.1", "::1", "fd00::1", "8.8.8.8", "", "no such name"])
  func ordinary(_ host: String) { #expect(!AddressGuard.isForbidden(host)) }

  @Test("hosts are found wherever options have them")
  func hosts() {
    #expect(AddressGuard.hosts("https://user:word@store.example:9000/bucket?x=1") == ["store.example"])
    #expect(AddressGuard.hosts("postgresql://a,b:5433/x?host=c&hostaddr=10.0.0.1") == ["a", "b", "c", "10.0.0.1"])
    #expect(AddressGuard.hosts("host='d' port=5432") == ["d"])
    #expect(AddressGuard.hosts("[fe80::1]:9092") == ["fe80::1"])
    #expect(AddressGuard.hosts("postgresql://a/x?host=::ffff:169.254.169.254") == ["a", "::ffff:169.254.169.254"])
    #expect(AddressGuard.hosts("kafka:9092") == ["kafka"])
    #expect(AddressGuard.hosts("logs/*.jsonl").isEmpty)
    #expect(AddressGuard.hosts("user <email> not found: 5").isEmpty)
  }
}
