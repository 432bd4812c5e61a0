import Dataflow
import Operators
import Testing

@Suite("route")
struct RouteTests {
  private let writer = RouteWriter()

  private func route(_ text: String) -> String {
    var text = text
    return String(decoding: text.withUTF8 { writer.route($0) }, as: UTF8.self)
  }

  @Test(
    "ids in paths become {id}, words stay",
    arguments: [
      ("/orders/123", "/orders/{id}"), ("GET /orders/123/items/7", "GET /orders/{id}/items/{id}"), ("/api/v1/users", "/api/v1/users"),
      ("/users/6f1ed002-ab8d-4c1c-9f3b-0d2c4a5e6f70/cart", "/users/{id}/cart"), ("/files/b4a95db3ea22dfe9029629fa947bab3a", "/files/{id}"),
      ("/users/anna@example.com", "/users/{id}"), ("/search?q=shoes&page=2#top", "/search"), ("/a;jsessionid=8F2A/b", "/a"),
      ("https://shop.example:8443/orders/17?x=1", "/orders/{id}"), ("POST http://10.1.2.3/pay", "POST /pay"), ("https://shop.example", "/"),
      ("/", "/"), ("/orders/", "/orders/"), ("//orders//9", "//orders//{id}"), ("/caf%C3%A9/menu", "/{id}/menu"),
      ("process order 4711", "process order {id}"), ("SELECT orders", "SELECT orders"), ("  GET   /x  ", "GET /x"), ("", ""),
    ])
  func routes(text: String, expected: String) {
    #expect(route(text) == expected)
  }

  @Test(
    "placeholders of frameworks stay",
    arguments: ["/orders/{orderId}", "/orders/:id/items", "GET /static/*", "/a/**", "/blog/<int:pk>", "/posts/[slug]", "/x/{path:*}"])
  func placeholders(text: String) {
    #expect(route(text) == text)
  }

  @Test("a route is its own route, whatever the text", arguments: 0..<200)
  func idempotent(seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    let pieces = [
      "/", "/", "orders", "12", "a1b2c3d4e5", "?", "#", "GET ", "{id}", ":x", "%20", "é", "..", "x@y.io", "http://", "v2", "<", "*", " ",
    ]
    let text = (0..<12).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
    let once = route(text)
    #expect(route(once) == once, "\(text.debugDescription)")
  }

  @Test("names of any length give short routes")
  func bounded() {
    #expect(route(String(repeating: "/a", count: 10_000)).utf8.count <= 600)
    #expect(route("/" + String(repeating: "x", count: 10_000)) == "/{id}")
    #expect(route(String(repeating: "word ", count: 10_000)).utf8.count <= 600)
  }

  @Test("the operator adds the field and leaves nulls null")
  func rows() throws {
    let schema = Schema([("name", .bytes)])
    let planned = try Route.type.plan(Config(["as": .string("kind")]), schema)
    let batch = RecordBatch(schema: schema)
    for text in ["GET /orders/1", nil] {
      let row = batch.appendRow()
      batch.bytes(schema.fields[0])[row] = text.map { batch.copy($0) } ?? .null
    }
    let output = CapturingOutput()
    try planned.make().process(batch, output)
    #expect(output.strings(try #require(planned.schema.field("kind"))) == ["GET /orders/{id}", nil])
    #expect(throws: Diagnostic.self) { try Route.type.plan(Config(["field": .string("other")]), schema) }
  }
}
