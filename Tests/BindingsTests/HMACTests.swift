import HMAC
import Testing

@Suite("HMAC with SHA-256")
struct HMACTests {
  private func hash(_ key: [UInt8], _ message: [UInt8]) -> String {
    var result = [UInt8](repeating: 0, count: HMACSHA256.count)
    #expect(message.withUnsafeBufferPointer { HMACSHA256(key: key).authenticate($0, into: &result) })
    return result.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  @Test("gives what RFC 4231 says")
  func vectors() {
    #expect(
      hash([UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8))
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      hash(Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      hash([UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50))
        == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
    #expect(
      hash([UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test("takes an empty key and an empty message")
  func empty() {
    #expect(hash([], []) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }
}
