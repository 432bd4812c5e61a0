import SLO
import Server
import Testing

@Suite("the OpenAPI document")
struct OpenAPITests {
  private let document = ControlServer(ControlServer.Options(database: "postgresql://localhost/none")).openAPI

  private var operations: [(path: String, method: String, value: StructuredValue)] {
    (document["paths"]?.members ?? []).flatMap { path in path.value.members.map { (path.key, $0.key, $0.value) } }
  }

  @Test("operations have names of their own")
  func names() {
    let names = operations.compactMap { $0.value["operationId"]?.string }
    #expect(names.count == operations.count && Set(names).count == names.count && names.count > 50)
  }

  @Test("whoever needs a role is told 401, 403, 422 and 503")
  func implied() {
    for (path, method, operation) in operations where operation["x-role"] != nil {
      let statuses = Set((operation["responses"]?.members ?? []).map(\.key))
      #expect(statuses.isSuperset(of: ["401", "403", "422", "503"]), "\(method) \(path)")
    }
  }

  @Test("what changes something needs more than reading; plans, simulations and files for a target change nothing")
  func roles() {
    for (path, method, operation) in operations where method != "get" {
      let role = operation["x-role"]?.string
      let isHarmless = ["/plan", "/simulate", "/slo/{id}/artifacts"].contains { path.hasSuffix($0) }
      #expect(role == (isHarmless ? "read" : path == "/api/v1/policy" ? "admin" : "operate"), "\(method) \(path)")
    }
  }

  @Test("every reference leads to a component, and every component is referred to")
  func references() {
    let known = Set((document["components"]?["schemas"]?.members ?? []).map(\.key))
    var found: Set<String> = []
    func walk(_ value: StructuredValue) {
      if let name = value["$ref"]?.string { found.insert(String(name.dropFirst("#/components/schemas/".count))) }
      for member in value.members { walk(member.value) }
      for element in value.elements { walk(element) }
    }
    walk(document)
    #expect(found == known)
  }

  @Test("members are named as they are written, and may be absent where the type says so")
  func members() {
    let journey = document["components"]?["schemas"]?["Journey"]
    #expect(journey?["properties"]?["error_share"]?["type"] == "number")
    let required = Set(journey?["required"]?.elements.compactMap(\.string) ?? [])
    #expect(required.contains("error_share") && !required.contains("merged_into"))
  }
}
