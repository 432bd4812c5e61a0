import Connectors
import Gzip
import Testing
import Zstd

@Suite("bodies that are pushed")
struct PushRequestTests {
  private let text = Array("some text, some more text".utf8)

  private func content(_ body: [UInt8], _ compression: String?, limit: Int = 16 << 20) -> Result<[UInt8], PushRejection> {
    let request = PushRequest(path: "/", contentType: nil, compression: compression, body: body, limits: BodyLimits(bytes: limit))
    do { return .success(try request.content()) } catch { return .failure(error) }
  }

  private func rejection(_ body: [UInt8], _ compression: String?, limit: Int = 16 << 20) -> PushRejection.Kind? {
    guard case .failure(let rejection) = content(body, compression, limit: limit) else { return nil }
    return rejection.kind
  }

  @Test("a body comes plain, or compressed by gzip or zstd, in any case")
  func compressions() throws {
    var zstd = try ZstdCompressor()
    let bodies: [([UInt8], String?)] = [
      (text, nil), (text, ""), (text, "identity"), (try GzipCompressor.compress(text), "gzip"), (try GzipCompressor.compress(text), "GZIP"),
      (try zstd.compress(text), "zstd"),
    ]
    for (body, compression) in bodies { #expect(content(body, compression) == .success(text), "\(compression ?? "none")") }
  }

  @Test("what is compressed otherwise, is not what it says, or is cut off, is refused")
  func broken() throws {
    #expect(rejection(text, "br") == .unsupported)
    var zstd = try ZstdCompressor()
    for (whole, name) in [(try GzipCompressor.compress(text), "gzip"), (try zstd.compress(text), "zstd")] {
      #expect(rejection(text, name) == .badRequest)
      for length in 1..<whole.count { #expect(rejection(Array(whole[..<length]), name) == .badRequest, "\(length) bytes of \(name)") }
    }
  }

  @Test("a body over the limit is refused, also one that is short until it is decompressed")
  func tooLong() throws {
    #expect(rejection(text, nil, limit: 10) == .tooLarge)
    var random = SeededGenerator(seed: 7)
    let noise = (0..<200_000).map { _ in UInt8.random(in: 97...104, using: &random) }
    let body = try GzipCompressor.compress(noise)
    #expect(rejection(body, "gzip", limit: 199_999) == .tooLarge)
    #expect(rejection(body, "gzip", limit: 200_000) == nil)
  }

  @Test("a body that grows more than a hundredfold is a bomb, whatever the limit; a small one may grow as it likes")
  func bombs() throws {
    var zstd = try ZstdCompressor()
    let large = [UInt8](repeating: 0x20, count: 8 << 20)
    #expect(rejection(try GzipCompressor.compress(large), "gzip") == .tooLarge)
    #expect(rejection(try zstd.compress(large), "zstd") == .tooLarge)
    let small = [UInt8](repeating: 0x20, count: 1 << 20)
    let body = try GzipCompressor.compress(small)
    #expect(body.count < small.count / 100)
    #expect(content(body, "gzip") == .success(small))
  }

  @Test("an address is a host and a port")
  func addresses() {
    #expect(ListenAddress("127.0.0.1:4318") == ListenAddress(host: "127.0.0.1", port: 4318))
    #expect(ListenAddress("[::1]:0") == ListenAddress(host: "::1", port: 0))
    for text in ["", "4318", ":4318", "localhost", "a:65536", "a:-1", "a:b", "[]:1"] { #expect(ListenAddress(text) == nil, "\(text)") }
  }
}
