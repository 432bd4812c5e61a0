import Server
import Testing

@Suite("artifacts of the server")
struct ArtifactTests {
  @Test("a file belongs to the service that its path names, the longest name first")
  func services() {
    let services = ["shop", "shop-front", "pay"]
    #expect(StoredArtifact.service(path: "prometheus/rules/shop/x.rules.yaml", services: services) == "shop")
    #expect(StoredArtifact.service(path: "openslo/slos/shop-front.yaml", services: services) == "shop-front")
    #expect(StoredArtifact.service(path: "kubernetes/prometheusrules/shop-front-cart-errors.yaml", services: services) == "shop-front")
    #expect(StoredArtifact.service(path: "grafana/dashboards/journey-shop-cart-43a91a5d.json", services: services) == "shop")
    #expect(StoredArtifact.service(path: "grafana/dashboards/slo-shop-front-4d7faddf.json", services: services) == "shop-front")
    let long = "a-service-with-a-long-name"
    #expect(StoredArtifact.service(path: "grafana/dashboards/list-a-service-with-a-lon-cdb680e3.json", services: [long]) == long)
    #expect(StoredArtifact.service(path: "index.html", services: services).isEmpty)
  }

  @Test("the folder says what a file is")
  func kinds() {
    #expect(StoredArtifact.Kind(path: "prometheus/rules/a/b.rules.yaml") == .rules)
    #expect(StoredArtifact.Kind(path: "prometheus/rules/a/b.rules_test.yaml") == .ruleTests)
    #expect(StoredArtifact.Kind(path: "runbooks/a/b.md") == .runbook)
    #expect(StoredArtifact.Kind(path: "index.html") == .report)
  }
}
