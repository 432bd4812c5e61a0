internal import Foundation
internal import Hummingbird
internal import SLO

/// `/api/v1/services` and `/api/v1/journeys`: what analyses found, and what people say about it.
struct JourneyRoutes: Sendable {
  let journeys: JourneyStore
  let plans: JourneyPlans

  struct List: Codable, SnakeCased {
    var journeys: [JourneyView]
    var totalCount: Int
  }

  struct Services: Codable, SnakeCased {
    var services: [ServiceView]
    var totalCount: Int
  }

  struct Advices: Codable, SnakeCased {
    var service: String
    var advice: [AdviceView]
  }

  struct Patch: RequestBody {
    /// Empty goes back to the discovered name.
    var name: String?
    var pinned: Bool?
    static let limits = ["name": Schema.string(pattern: Parameter.plainPattern, 0...255)]
  }

  struct Merge: RequestBody {
    /// Left out: the journey is one of its own again.
    var into: String?
    static let limits = ["into": Schema.string(pattern: Parameter.plainPattern, 1...64)]
  }

  struct Split: RequestBody {
    var service: String
    var operation: String?
    var name: String?
    static let limits = [
      "service": Schema.string(pattern: Parameter.plainPattern, 1...253),
      "operation": Schema.string(pattern: Parameter.plainPattern, 1...500),
      "name": Schema.string(pattern: Parameter.plainPattern, 1...255),
    ]
  }

  private static let unknown = Route.Answer.problem(404, "JOURNEY_NOT_FOUND")
  private static let changed: [Route.Answer] = [
    .json(200, JourneyView.self, "the journey after the change", headers: ["ETag"]), unknown, .problem(412, "REVISION_CONFLICT"),
  ]

  var routes: [Route] { reading + changing }

  private var reading: [Route] {
    let service = Parameter(name: "service_name", kind: .text(253), summary: "only those that the service takes part in")
    let environment = Parameter(name: "environment", kind: .text(253), summary: "only those of this environment")
    return [
      Route(
        .get, "/api/v1/services", "listServices", "Services that journeys touch, with what passes through them.", role: .read,
        parameters: [environment, .limit(1...500, standard: 100), .offset, .ifNoneMatch],
        answers: [.json(200, Services.self, "the services, by requests", headers: ["ETag"])]
      ) { request, context in
        let all = ServiceView.all(try await everything(context.values["environment"]))
        let part = Array(all.dropFirst(context.integer("offset")).prefix(context.integer("limit")))
        return try JSON.tagged(Services(services: part, totalCount: all.count), request)
      },
      Route(
        .get, "/api/v1/services/{service}/advice", "listAdvice",
        "What a service's instrumentation lacks, and what it would add to confidence.",
        role: .read, parameters: [.ifNoneMatch],
        answers: [.json(200, Advices.self, "what gains most first", headers: ["ETag"]), .problem(404, "SERVICE_NOT_FOUND")]
      ) { request, context in
        let service = context.capture("service")
        let (found, _) = try await journeys.list(try filter(service, nil), Page(limit: 500, offset: 0))
        guard !found.isEmpty else { throw NotStored(kind: "service") }
        var touched: [Journey] = []
        for journey in found { touched.append(try await plans.plan(journey, latency: nil).journey) }
        return try JSON.tagged(Advices(service: service, advice: InstrumentationAdvice.make(touched).map(AdviceView.init)), request)
      },
      Route(
        .get, "/api/v1/journeys", "listJourneys", "Journeys of the newest analyses, those with the most requests first.", role: .read,
        parameters: [
          service, environment, Parameter(name: "min_confidence", kind: .number(0...1), summary: "only those that can be trusted so far"),
          Parameter(name: "merged", kind: .choice(["true", "false"]), summary: "also those that became part of others"),
          .limit(1...500, standard: 50), .offset, .ifNoneMatch,
        ], answers: [.json(200, List.self, "the journeys", headers: ["ETag"])]
      ) { request, context in
        var filter = JourneyStore.Filter(service: context.values["service_name"], environment: context.values["environment"])
        filter.leastConfidence = context.values["min_confidence"].flatMap { Double($0) }
        filter.withMerged = context.values["merged"] == "true"
        let (found, total) = try await journeys.list(filter, context.page)
        return try JSON.tagged(List(journeys: found.map { JourneyView($0) }, totalCount: total), request)
      },
      Route(
        .get, "/api/v1/journeys/{id}", "getJourney", "A journey with its steps and the calls between them.", role: .read,
        parameters: [.ifNoneMatch], answers: [.json(200, JourneyView.self, "the journey", headers: ["ETag"]), Self.unknown]
      ) { request, context in
        let stored = try await journeys.find(try context.plain("id"))
        return try JSON.tagged(try await view(stored), request, revision: stored.revision)
      },
    ]
  }

  private var changing: [Route] {
    [
      Route(
        .patch, "/api/v1/journeys/{id}", "patchJourney", "Renames a journey, or keeps it however rare it becomes.", role: .operate,
        parameters: [.ifMatch], body: .json(Patch.self), answers: Self.changed
      ) { request, context in
        let patch = try await context.decode(Patch.self, request)
        if let name = patch.name, !Parameter.isPlain(name, 0...255) { throw invalid("name") }
        guard patch.name != nil || patch.pinned != nil else {
          throw Problem(422, "REQUEST_INVALID", "the body changes nothing", hint: #"{"name": "Check-out"} or {"pinned": true}"#)
        }
        let id = try context.plain("id")
        return try await answer(
          try await journeys.change(
            id, name: patch.name, isPinned: patch.pinned, expected: try context.expectedRevision(),
            by: AuditEntry(actor: context.identity.name, action: "journey.change", target: id, detail: patch.name ?? "")))
      },
      Route(
        .post, "/api/v1/journeys/{id}/merge", "mergeJourney", "Makes a journey part of another, from the next analysis on.", role: .operate,
        parameters: [.ifMatch], body: .json(Merge.self), answers: Self.changed + [.problem(409, "MERGE_CIRCLE")]
      ) { request, context in
        let merge = try await context.decode(Merge.self, request)
        if let into = merge.into, !Parameter.isPlain(into, 1...64) { throw invalid("into") }
        let id = try context.plain("id")
        return try await answer(
          try await journeys.merge(
            id, into: merge.into, expected: try context.expectedRevision(),
            by: AuditEntry(actor: context.identity.name, action: "journey.merge", target: id, detail: merge.into ?? "")))
      },
      Route(
        .post, "/api/v1/journeys/{id}/split", "splitJourney",
        "Makes the traces that touch a place a journey of their own, from the next analysis on.",
        role: .operate, parameters: [.ifMatch], body: .json(Split.self), answers: Self.changed
      ) { request, context in
        let split = try await context.decode(Split.self, request)
        guard Parameter.isPlain(split.service, 1...253) else { throw invalid("service") }
        if let operation = split.operation, !Parameter.isPlain(operation, 1...500) { throw invalid("operation") }
        if let name = split.name, !Parameter.isPlain(name, 1...255) { throw invalid("name") }
        let id = try context.plain("id")
        let edit = JourneyEdits.Split(journey: id, service: split.service, operation: split.operation, name: split.name)
        return try await answer(
          try await journeys.split(
            edit, expected: try context.expectedRevision(),
            by: AuditEntry(actor: context.identity.name, action: "journey.split", target: id, detail: split.service)))
      },
    ]
  }

  private func filter(_ service: String, _ environment: String?) throws -> JourneyStore.Filter {
    guard Parameter.isPlain(service, 1...253) else { throw NotStored(kind: "service") }
    return JourneyStore.Filter(service: service, environment: environment)
  }

  private func everything(_ environment: String?) async throws -> [StoredJourney] {
    try await journeys.list(JourneyStore.Filter(environment: environment), Page(limit: 10_000, offset: 0)).journeys
  }

  private func view(_ stored: StoredJourney) async throws -> JourneyView {
    JourneyView(stored, try await plans.plan(stored, latency: nil).journey)
  }

  private func answer(_ stored: StoredJourney) async throws -> Response {
    var response = try JSON.response(try await view(stored))
    response.headers[.eTag] = "\"\(stored.revision)\""
    return response
  }

  private func invalid(_ member: String) -> Problem {
    Problem(422, "REQUEST_INVALID", "\(member) is empty, too long, or has control characters")
  }
}

extension ServerContext {
  var page: Page { Page(limit: integer("limit"), offset: integer("offset")) }

  /// A part of the path that is an id. Throws `Problem` 404 for what can be none.
  func plain(_ name: String) throws -> String {
    let text = capture(name)
    guard Parameter.isPlain(text, 1...200) else { throw Problem(404, "NOT_FOUND", "there is nothing of that id") }
    return text
  }
}
