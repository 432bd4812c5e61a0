internal import Dataflow
internal import FakeCatalog
internal import Foundation
internal import Jobs
internal import Testing

/// What must hold for every component, whoever adds it.
@Suite struct CatalogTests {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let roles: [GraphShape.Role] = [.source, .operator, .sink]

  @Test("types are kebab-case, unique within their role, and described by sentences")
  func descriptors() {
    for catalog in [ComponentCatalog.standard, FakeCatalog.catalog] {
      for list in Self.roles.map(catalog.descriptors) + [catalog.connections] {
        #expect(Set(list.map(\.type)).count == list.count)
        for descriptor in list {
          #expect(NodeName.isValid(descriptor.type), "\(descriptor.type)")
          #expect(descriptor.summary.hasSuffix("."), "\(descriptor.type)")
          Self.check(descriptor.fields, descriptor.type)
        }
      }
    }
  }

  private static func check(_ fields: [ConfigField], _ owner: String) {
    #expect(Set(fields.map(\.name)).count == fields.count, "\(owner)")
    for field in fields {
      let name = "\(owner).\(field.name)"
      #expect(!field.name.isEmpty && field.name.first?.isLowercase == true, "\(name) is not camelCase")
      #expect(!field.name.contains("_") && !field.name.contains("-") && !field.name.hasPrefix("x-"), "\(name) is not camelCase")
      #expect(!field.summary.isEmpty, "\(name) has no summary")
      #expect(!(field.isRequired && field.defaultValue != nil), "\(name) is required and has a default")
      check(field.kind, name)
    }
  }

  private static func check(_ kind: ConfigField.Kind, _ owner: String) {
    switch kind {
    case .object(let fields): check(fields, owner)
    case .list(let element), .map(let element): check(element, owner)
    case .choice(let choices): #expect(!choices.isEmpty && Set(choices).count == choices.count, "\(owner)")
    default: break
    }
  }

  @Test("the example of each component fits its own options, so that documentation cannot be wrong")
  func examples() {
    for catalog in [ComponentCatalog.standard, FakeCatalog.catalog] {
      for role in Self.roles {
        for descriptor in catalog.descriptors(role) {
          // Without an example the required options alone would be missing: that is not what is asked here.
          guard !descriptor.example.isEmpty else { continue }
          let config = descriptor.example.split(separator: "\n").map { "        \($0)\n" }.joined()
          let inputs = role == .source ? "" : ", inputs: [a]"
          let text = """
            apiVersion: sloscout/v1
            kind: Job
            metadata: { name: x }
            spec:
              \(role.section):
                a:
                  type: \(descriptor.type)\(inputs.isEmpty ? "" : "\n      inputs: [a]")
                  config:
            \(config)
            """
          let loaded = Loader.load(text, catalog: catalog)
          let about = loaded.diagnostics.filter { $0.code.hasPrefix("config.") || $0.code.hasPrefix("yaml.") }
          #expect(about.isEmpty, "\(descriptor.type): \(about)")
        }
      }
    }
  }

  @Test("every component that needs a connection can have one")
  func connections() {
    for catalog in [ComponentCatalog.standard, FakeCatalog.catalog] {
      let types = Set(Self.roles.flatMap(catalog.descriptors).map(\.type))
      for (type, wanted) in catalog.connectionTypes {
        #expect(types.contains(type), "\(type)")
        #expect(!wanted.isEmpty && wanted.allSatisfy { name in catalog.connections.contains { $0.type == name } }, "\(type)")
      }
    }
  }

  @Test("the shipped jobs load without a word, with and without a database in the environment")
  func shipped() throws {
    let bytes = [UInt8](try Data(contentsOf: Self.repository.appending(path: "jobs.yaml")))
    for environment in [[:], ["DATABASE_URL": "postgresql://db/x", "SLOSCOUT_PARALLELISM": "4"]] {
      let loaded = Loader.load(bytes: bytes, environment: environment, catalog: .standard)
      #expect(Loader.text(loaded) == "")
      #expect(loaded.jobs.map(\.definition.name) == ["fingerprint", "traces", "embedding"])
      let keys = loaded.jobs.first?.graph.operators.suffix(2).map { ($0.planned.keyFields ?? []).map(\.name) }
      #expect(keys == [["service", "environment", "shape"], ["service"]])
    }
  }
}
