import HTTP
import RawServer
import Synchronization
import Testing

@Suite("the HTTP client", .timeLimit(.minutes(2)))
struct HTTPClientTests {
  private static func ok(_ body: String, _ headers: String = "") -> RawServer.Answer {
    .text("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
  }

  private func failure(_ client: HTTPClient, _ request: HTTPClient.Request) -> HTTPError.Code? {
    do throws(HTTPError) {
      _ = try client.perform(request)
      return nil
    } catch { return error.code }
  }

  @Test("an answer arrives with status, headers and body, whatever the status")
  func answers() throws {
    let server = try RawServer { request in
      request.target == "/missing"
        ? .text("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno") : Self.ok("hello", "X-Thing:  a:b \r\nETag: \"1\"\r\n")
    }
    let client = try HTTPClient()
    let response = try client.perform(HTTPClient.Request("GET", server.url("/")))
    #expect(response.status == 200 && response.body == Array("hello".utf8))
    #expect(response["x-thing"] == "a:b" && response["etag"] == "\"1\"" && response["nothing"] == nil)
    let missing = try client.perform(HTTPClient.Request("GET", server.url("/missing")))
    #expect(missing.status == 404 && missing.body == Array("no".utf8))
  }

  @Test("method, headers and body arrive as they were given, bodies of any size without asking for leave", arguments: [0, 1, 3_000_000])
  func sends(count: Int) throws {
    let server = try RawServer { _ in Self.ok("") }
    let body = [UInt8](repeating: UInt8(ascii: "x"), count: count)
    _ = try HTTPClient().perform(
      HTTPClient.Request("PUT", server.url("/a?b=c"), headers: [("X-One", "1"), ("X-Empty", "")], body: body[...]))
    let request = try #require(server.requests.first)
    #expect(request.head.hasPrefix("PUT /a?b=c HTTP/1.1\r\n"))
    #expect(request.header("x-one") == "1" && request.header("x-empty") == "" && request.header("expect") == nil)
    #expect(request.body == body)
  }

  @Test("HEAD has no body, POST without one has none either")
  func methods() throws {
    let server = try RawServer { request in
      request.method == "HEAD" ? .text("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n") : Self.ok("done")
    }
    let client = try HTTPClient()
    let head = try client.perform(HTTPClient.Request("HEAD", server.url("/")))
    #expect(head["content-length"] == "77" && head.body.isEmpty)
    #expect(try client.perform(HTTPClient.Request("POST", server.url("/"))).body == Array("done".utf8))
    #expect(try client.perform(HTTPClient.Request("DELETE", server.url("/"))).status == 200)
    #expect(server.requests.map(\.method) == ["HEAD", "POST", "DELETE"])
  }

  @Test("nobody listens, a broken answer, silence and too much are told apart")
  func failures() throws {
    let server = try RawServer { request in
      switch request.target {
      case "/cut": .lastText("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
      case "/half": .lastText("HTTP/1.1 200 OK\r\nContent-Le")
      case "/nothing": .lastText("")
      case "/noise": .lastText("\u{1}\u{2}\u{3}noise\r\n\r\n")
      case "/silence": .silence
      default: Self.ok(String(repeating: "x", count: 1000))
      }
    }
    let client = try HTTPClient()
    #expect(failure(client, HTTPClient.Request("GET", server.url("/cut"))) == .broken)
    #expect(failure(client, HTTPClient.Request("GET", server.url("/nothing"))) == .broken)
    #expect(failure(client, HTTPClient.Request("GET", server.url("/half"))) == .broken)
    #expect(failure(client, HTTPClient.Request("GET", server.url("/noise"))).map { [.broken, .unusable].contains($0) } == true)
    #expect(failure(client, HTTPClient.Request("GET", server.url("/silence"), timeout: 100_000_000)) == .timeout)
    #expect(failure(client, HTTPClient.Request("GET", server.url("/"), maxBodyBytes: 999)) == .tooLarge)
    #expect(failure(client, HTTPClient.Request("GET", server.url("/"), maxBodyBytes: 1000)) == nil)
    #expect(failure(client, HTTPClient.Request("GET", "http://127.0.0.1:1/")) == .connect)
    #expect(
      failure(client, HTTPClient.Request("GET", "https://127.0.0.1:\(server.port)/", timeout: 1_000_000_000)).map {
        [.tls, .timeout].contains($0)
      } == true)
    for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "", "http://", "http://a b/", "http://x/\r\nEvil: 1"] {
      #expect(failure(client, HTTPClient.Request("GET", url)).map { [.unusable, .connect].contains($0) } == true, "\(url)")
    }
    #expect(failure(client, HTTPClient.Request("GET", server.url("/"), headers: [("a", "b\r\nc: d")])) == .unusable)
  }

  @Test("a body that is taken piece by piece is all there and has no limit; that of a refusal is kept for the answer")
  func pieces() throws {
    let text = String(repeating: "piece ", count: 100_000)
    let server = try RawServer { request in
      request.target == "/missing" ? .text("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno") : Self.ok(text)
    }
    let client = try HTTPClient()
    let taken = Mutex<[UInt8]>([])
    var request = HTTPClient.Request("GET", server.url("/"), maxBodyBytes: 10)
    request.onBody = { piece in taken.withLock { $0.append(contentsOf: piece) } }
    let response = try client.perform(request)
    #expect(response.status == 200 && response.body.isEmpty && taken.withLock { $0 } == Array(text.utf8))
    request.url = server.url("/missing")
    let missing = try client.perform(request)
    #expect(missing.status == 404 && missing.body == Array("no".utf8) && taken.withLock { $0.count } == text.utf8.count)
  }

  @Test("redirects are followed only when asked for, and never to a file")
  func redirects() throws {
    let server = try RawServer { request in
      switch request.target {
      case "/from": .text("HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 4\r\n\r\ngone")
      case "/file": .text("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")
      default: Self.ok("here")
      }
    }
    let client = try HTTPClient()
    #expect(try client.perform(HTTPClient.Request("GET", server.url("/from"))).status == 302)
    var following = HTTPClient.Request("GET", server.url("/from"))
    following.maxRedirects = 3
    #expect(try client.perform(following).body == Array("here".utf8))
    following.url = server.url("/file")
    #expect(failure(client, following) == .unusable)
  }

  @Test("one request of many is cancelled; closing the client ends the others, and later ones")
  func cancels() async throws {
    let server = try RawServer { request in request.target == "/silence" ? .silence : Self.ok("ok") }
    let client = try HTTPClient()
    let task = Task { () -> HTTPError.Code? in
      do throws(HTTPError) {
        _ = try await client.send(HTTPClient.Request("GET", server.url("/silence")))
        return nil
      } catch { return error.code }
    }
    while server.requests.isEmpty { await Task.yield() }
    #expect(try await client.send(HTTPClient.Request("GET", server.url("/"))).body == Array("ok".utf8))
    task.cancel()
    #expect(await task.value == .cancelled)
    let others = (0..<3).map { _ in
      Task { () -> HTTPError.Code? in
        do throws(HTTPError) {
          _ = try await client.send(HTTPClient.Request("GET", server.url("/silence")))
          return nil
        } catch { return error.code }
      }
    }
    while server.requests.count < 5 { await Task.yield() }
    client.close()
    for other in others { #expect(await other.value == .cancelled) }
    #expect(failure(client, HTTPClient.Request("GET", server.url("/"))) == .cancelled)
  }

  @Test("many requests at once all get their own answer")
  func many() async throws {
    let server = try RawServer { request in Self.ok("for " + request.target) }
    let client = try HTTPClient()
    let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
      for n in 0..<200 {
        group.addTask { try await client.send(HTTPClient.Request("GET", server.url("/\(n)"))).body != Array("for /\(n)".utf8) }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(wrong == 0)
  }

  @Test("a signed request names the key, never the secret, and leaves its body out of the signature")
  func signs() throws {
    let server = try RawServer { _ in Self.ok("") }
    let signing = HTTPClient.Signing(region: "eu-test-1", accessKey: "AKIDKEY", secretKey: "very/secret", sessionToken: "token")
    _ = try HTTPClient().perform(HTTPClient.Request("PUT", server.url("/b/k"), body: [1, 2, 3], signing: signing))
    let request = try #require(server.requests.first).head
    #expect(request.contains("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDKEY/") && request.contains("/eu-test-1/s3/aws4_request"))
    #expect(request.lowercased().contains("\r\nx-amz-content-sha256: unsigned-payload\r\n"))
    #expect(request.contains("x-amz-security-token: token"))
    #expect(!request.contains("very/secret") && !"\(signing)".contains("secret"))
    var dumped = ""
    dump(signing, to: &dumped)
    #expect(!dumped.contains("very/secret"))
  }
}
