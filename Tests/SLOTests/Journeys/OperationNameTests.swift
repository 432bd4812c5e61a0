import SLO
import Testing

@Suite("names of operations")
struct OperationNameTests {
  @Test(
    "wildcards, bare methods and empty words tell nothing",
    arguments: [
      ("/*", OperationName.Kind.generic), ("HTTP POST", .generic), ("GET", .generic), ("/api/**", .generic), ("GET /{proxy+}", .generic),
      ("/{id}", .generic), ("ingress", .generic), ("pkg.Front/Recv.", .generic), ("", .generic), ("GET /", .telling),
      ("GET /cart/{id}", .telling),
      ("/api/v1/x", .telling), ("shop.Cart/Get", .telling), ("checkout", .opaque), ("UserController.list", .opaque),
    ])
  func kinds(name: String, kind: OperationName.Kind) { #expect(OperationName.kind(name) == kind) }

  @Test(
    "names are for people",
    arguments: [
      ("ts-travel-service", "/api/v1/travelservice/trips/left", "travel: trips left"),
      ("ts-preserve-other-service", "/api/v1/preserveotherservice/preserveOther", "preserve other"),
      ("ts-inside-payment-service", "/api/v1/inside_pay_service/inside_payment", "inside payment"),
      ("ts-execute-service", "/api/v1/executeservice/execute/execute/{orderId}", "execute"),
      ("ts-food-service", "/api/v1/foodservice/foods/{date}/{start}", "food"), ("ts-web", "GET /cart/{id}", "GET /cart/{id}"),
      ("ts-auth-service", "UserController.getToken", "auth: user controller get token"),
    ])
  func naming(service: String, operation: String, name: String) {
    let naming = JourneyNaming(services: ["ts-travel-service", "ts-food-service", "ts-web", ""])
    #expect(naming.name(service: service, operation: operation) == name)
  }

  @Test("slugs hold lower-case letters, digits and single hyphens")
  func slugs() {
    #expect(JourneyNaming.slug("GET /cart/{id}") == "get-cart-id")
    #expect(JourneyNaming.slug("Überall: 日本") == "berall")
    #expect(JourneyNaming.slug("日本") == "journey")
    #expect(JourneyNaming.slug(String(repeating: "ab ", count: 40)).count <= 48)
  }
}
