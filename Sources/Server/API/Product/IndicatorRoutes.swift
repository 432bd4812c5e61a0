internal import Hummingbird
internal import SLO

/// `/api/v1/sli` and `/api/v1/slo`: indicators and objectives, what they would have meant, and what people decide about them.
struct IndicatorRoutes: Sendable {
  let journeys: JourneyStore
  let indicators: IndicatorStore
  let plans: JourneyPlans

  struct Indicators: Codable, SnakeCased {
    var slis: [IndicatorView]
    var totalCount: Int
  }

  struct Objectives: Codable, SnakeCased {
    var slos: [ObjectiveView]
    var totalCount: Int
  }

  struct Evidences: Codable, SnakeCased {
    struct Item: Codable, SnakeCased {
      var kind: String
      var text: String
      var reference: String
    }
    var sliId: String
    var evidence: [Item]
  }

  struct Decision: RequestBody {
    var comment: String?
    static let limits = ["comment": Schema.string(pattern: Parameter.plainPattern, 0...1000)]
  }

  struct Override: RequestBody {
    /// One of the edges that latencies are counted at; left out: the proposed one again.
    var thresholdMs: Double?
    static let limits = ["threshold_ms": Schema.number(0.001...86_400_000)]
  }

  struct Target: RequestBody {
    /// Left out: the proposed one again.
    var targetPercentage: Double?
    static let limits = ["target_percentage": Schema.number(0.0001...99.9999)]
  }

  struct Generated: Codable, SnakeCased {
    struct File: Codable, SnakeCased {
      var path: String
      var content: String
    }
    var sloId: String
    var targetPercentage: Double
    var artifacts: [File]
  }

  private static let unknown = Route.Answer.problem(404, "SLI_NOT_FOUND", "JOURNEY_NOT_FOUND")
  private static let unknownObjective = Route.Answer.problem(404, "SLO_NOT_FOUND", "JOURNEY_NOT_FOUND")
  private static let conflict = Route.Answer.problem(412, "REVISION_CONFLICT")
  private static let service = Parameter(name: "service_name", kind: .text(253), summary: "only of journeys that the service takes part in")
  private static let journey = Parameter(name: "journey_id", kind: .text(64), summary: "only of this journey")
  private static let status = Parameter(
    name: "status", kind: .choice(StoredIndicator.Status.allCases.map(\.rawValue)), summary: "only those that were decided so")

  var routes: [Route] { reading + deciding + objectives }

  private var reading: [Route] {
    [
      Route(
        .get, "/api/v1/sli", "listIndicators", "Indicators, by their journeys' requests.", role: .read,
        parameters: [Self.journey, Self.service, Self.status, .limit(1...200, standard: 50), .offset, .ifNoneMatch],
        answers: [.json(200, Indicators.self, "the indicators", headers: ["ETag"])]
      ) { request, context in
        let (found, total) = try await indicators.list(
          journey: context.values["journey_id"], service: context.values["service_name"], status: context.values["status"],
          ofObjective: false,
          context.page)
        var views: [IndicatorView] = []
        for stored in found { if let view = try? await self.indicator(stored) { views.append(view) } }
        return try JSON.tagged(Indicators(slis: views, totalCount: total), request)
      },
      Route(
        .get, "/api/v1/sli/{id}", "getIndicator", "An indicator: what it counts, and why it can be trusted.", role: .read,
        parameters: [.ifNoneMatch], answers: [.json(200, IndicatorView.self, "the indicator", headers: ["ETag"]), Self.unknown]
      ) { request, context in
        let stored = try await indicators.find(try context.plain("id"), kind: "sli")
        return try JSON.tagged(try await indicator(stored), request, revision: stored.indicator.revision)
      },
      Route(
        .get, "/api/v1/sli/{id}/evidence", "listEvidence", "What speaks for an indicator: counts, steps, traces.", role: .read,
        parameters: [.ifNoneMatch], answers: [.json(200, Evidences.self, "the evidence", headers: ["ETag"]), Self.unknown]
      ) { request, context in
        let stored = try await indicators.find(try context.plain("id"), kind: "sli")
        let items = try await choice(stored, "sli").chosen.indicator.evidence.map {
          Evidences.Item(kind: $0.kind.rawValue, text: $0.text, reference: $0.reference)
        }
        return try JSON.tagged(Evidences(sliId: stored.id, evidence: items), request)
      },
    ]
  }

  private var deciding: [Route] {
    func decide(_ verb: String, _ status: StoredIndicator.Status, _ summary: String) -> Route {
      Route(
        .post, "/api/v1/sli/{id}/\(verb)", "\(verb)Indicator", summary, role: .operate, parameters: [.ifMatch],
        body: .json(Decision.self, isRequired: false),
        answers: [.json(200, IndicatorView.self, "the indicator after the change", headers: ["ETag"]), Self.unknown, Self.conflict]
      ) { request, context in
        let decision = try await context.decode(Decision.self, request)
        if let comment = decision.comment, !Parameter.isPlain(comment, 0...1000) {
          throw Problem(422, "REQUEST_INVALID", "the comment is longer than 1000 characters, or has control characters")
        }
        let id = try context.plain("id")
        return try await answer(
          try await indicators.change(
            id, .decide(status, comment: decision.comment), expected: try context.expectedRevision(),
            by: AuditEntry(actor: context.identity.name, action: "sli.\(verb)", target: id, detail: decision.comment ?? "")))
      }
    }
    return [
      decide("approve", .approved, "Says that an indicator measures what matters."),
      decide("reject", .rejected, "Says that an indicator does not."),
      Route(
        .patch, "/api/v1/sli/{id}", "overrideIndicator", "Another latency threshold; it has to be approved anew.", role: .operate,
        parameters: [.ifMatch], body: .json(Override.self),
        answers: [
          .json(200, IndicatorView.self, "the indicator after the change", headers: ["ETag"]), Self.unknown, Self.conflict,
          .problem(409, "SLI_HAS_NO_THRESHOLD"),
        ]
      ) { request, context in
        let wanted = try await context.decode(Override.self, request).thresholdMs.map(Self.edge)
        let id = try context.plain("id")
        guard try await indicators.find(id, kind: "sli").kind == Indicator.Kind.latency.rawValue else {
          throw Problem(409, "SLI_HAS_NO_THRESHOLD", "only latency has a threshold")
        }
        return try await answer(
          try await indicators.change(
            id, .threshold(wanted), expected: try context.expectedRevision(),
            by: AuditEntry(actor: context.identity.name, action: "sli.override", target: id, detail: wanted.map { "\($0)" } ?? "")))
      },
    ]
  }

  private var objectives: [Route] {
    let changed: [Route.Answer] = [
      .json(200, ObjectiveView.self, "the objective after the change", headers: ["ETag"]), Self.unknownObjective, Self.conflict,
    ]
    return [
      Route(
        .get, "/api/v1/slo", "listObjectives", "Objectives, by their journeys' requests.", role: .read,
        parameters: [
          Self.journey, Self.service,
          Parameter(name: "status", kind: .choice(["proposed", "approved"]), summary: "only those that were decided so"),
          .limit(1...200, standard: 50), .offset, .ifNoneMatch,
        ], answers: [.json(200, Objectives.self, "the objectives", headers: ["ETag"])]
      ) { request, context in
        let (found, total) = try await indicators.list(
          journey: context.values["journey_id"], service: context.values["service_name"], status: context.values["status"],
          ofObjective: true,
          context.page)
        var views: [ObjectiveView] = []
        for stored in found { if let view = try? await objective(stored) { views.append(view) } }
        return try JSON.tagged(Objectives(slos: views, totalCount: total), request)
      },
      Route(
        .get, "/api/v1/slo/{id}", "getObjective", "An objective, and what it would have meant over the history.", role: .read,
        parameters: [.ifNoneMatch], answers: [.json(200, ObjectiveView.self, "the objective", headers: ["ETag"]), Self.unknownObjective]
      ) { request, context in
        let stored = try await indicators.find(try context.plain("id"), kind: "slo")
        return try JSON.tagged(try await objective(stored), request, revision: stored.objective.revision)
      },
      Route(
        .get, "/api/v1/slo/{id}/error-budget", "getErrorBudget", "How much of an objective's budget the history has left.", role: .read,
        parameters: [.ifNoneMatch],
        answers: [.json(200, ObjectiveView.Budget.self, "the budget", headers: ["ETag"]), Self.unknownObjective]
      ) { request, context in
        let stored = try await indicators.find(try context.plain("id"), kind: "slo")
        let (whatIf, target) = try await whatIf(stored)
        return try JSON.tagged(ObjectiveView.Budget(whatIf.point(target)), request)
      },
      Route(
        .post, "/api/v1/slo/{id}/simulate", "simulateObjective",
        "What a target would have meant: pages, tickets, budget. Nothing is changed.",
        role: .read, body: .json(Target.self, isRequired: false),
        answers: [.json(200, ObjectiveView.Simulation.self, "the target asked for, and a curve of others"), Self.unknownObjective]
      ) { request, context in
        let asked = try await context.decode(Target.self, request).targetPercentage
        let stored = try await indicators.find(try context.plain("id"), kind: "slo")
        let (whatIf, target) = try await whatIf(stored)
        return try JSON.response(
          ObjectiveView.Simulation(
            sloId: stored.id, point: ObjectiveView.Point(whatIf.point(try asked.map(Self.target) ?? target)),
            curve: whatIf.curve().map(ObjectiveView.Point.init)))
      },
      Route(
        .post, "/api/v1/slo/{id}/artifacts", "generateArtifacts",
        "The files of an objective for a target: rules and their tests, runbook. Nothing is kept.", role: .read,
        body: .json(Target.self, isRequired: false),
        answers: [.json(200, Generated.self, "the files; for the objective's own target when none is asked for"), Self.unknownObjective]
      ) { request, context in
        let asked = try await context.decode(Target.self, request).targetPercentage
        let stored = try await indicators.find(try context.plain("id"), kind: "slo")
        let plan = try await plans.plan(try await journeys.find(stored.journey), latency: stored.threshold)
        let (whatIf, own) = try await whatIf(stored)
        let target = try asked.map(Self.target) ?? own
        let files = try ArtifactTree.make(whatIf.objective(target), of: plan)
        return try JSON.response(
          Generated(
            sloId: stored.id, targetPercentage: Double(target.millionths) / 10_000,
            artifacts: files.map { Generated.File(path: $0.path, content: String(decoding: $0.bytes, as: UTF8.self)) }))
      },
      Route(
        .patch, "/api/v1/slo/{id}", "patchObjective", "Another target; it has to be approved anew.", role: .operate, parameters: [.ifMatch],
        body: .json(Target.self), answers: changed
      ) { request, context in
        let target = try await context.decode(Target.self, request).targetPercentage.map(Self.target)
        let id = try context.plain("id")
        return try await answerObjective(
          try await indicators.target(
            id, target?.millionths, expected: try context.expectedRevision(),
            by: AuditEntry(actor: context.identity.name, action: "slo.target", target: id, detail: target?.percentText ?? "")))
      },
      Route(
        .post, "/api/v1/slo/{id}/approve", "approveObjective", "Says that an objective shall hold. Its indicator must be approved.",
        role: .operate,
        parameters: [.ifMatch], answers: changed + [.problem(409, "SLI_NOT_APPROVED")]
      ) { _, context in
        let id = try context.plain("id")
        return try await answerObjective(
          try await indicators.approveObjective(
            id, expected: try context.expectedRevision(),
            by: AuditEntry(actor: context.identity.name, action: "slo.approve", target: id)))
      },
    ]
  }

  // MARK: What they are made from

  private func choice(_ stored: StoredIndicator, _ kind: String) async throws -> JourneyPlan.Choice {
    let plan = try await plans.plan(try await journeys.find(stored.journey), latency: stored.threshold)
    // An analysis of less telemetry may no longer give the indicator.
    guard let choice = plan.choices.first(where: { $0.chosen.indicator.kind.rawValue == stored.kind }) else { throw NotStored(kind: kind) }
    return choice
  }

  private func whatIf(_ stored: StoredIndicator) async throws -> (WhatIf, ObjectiveTarget) {
    let journey = try await journeys.find(stored.journey)
    let chosen = try await choice(stored, "slo").chosen
    let whatIf = WhatIf(chosen, of: try await plans.plan(journey, latency: stored.threshold).journey)
    return (whatIf, stored.target.flatMap { ObjectiveTarget(millionths: $0) } ?? chosen.target)
  }

  private func indicator(_ stored: StoredIndicator) async throws -> IndicatorView {
    IndicatorView(stored, try await choice(stored, "sli").chosen.indicator)
  }

  private func objective(_ stored: StoredIndicator) async throws -> ObjectiveView {
    let choice = try await choice(stored, "slo")
    let (whatIf, target) = try await whatIf(stored)
    return ObjectiveView(stored, choice, whatIf.point(target))
  }

  private func answer(_ stored: StoredIndicator) async throws -> Response {
    var response = try JSON.response(try await indicator(stored))
    response.headers[.eTag] = "\"\(stored.indicator.revision)\""
    return response
  }

  private func answerObjective(_ stored: StoredIndicator) async throws -> Response {
    var response = try JSON.response(try await objective(stored))
    response.headers[.eTag] = "\"\(stored.objective.revision)\""
    return response
  }

  private static func target(_ percentage: Double) throws -> ObjectiveTarget {
    guard let target = ObjectiveTarget(ratio: percentage / 100) else {
      throw Problem(422, "REQUEST_INVALID", "target_percentage is from 0.0001 to 99.9999")
    }
    return target
  }

  /// The edge of a bucket, nanoseconds. Throws `Problem` 422 with the nearest ones.
  private static func edge(_ milliseconds: Double) throws -> Int64 {
    let wanted = milliseconds * 1e6
    if let edge = JourneyMinute.bucketEdges.first(where: { abs(Double($0) - wanted) < 1 }) { return edge }
    let near = JourneyMinute.bucketEdges.sorted { abs(Double($0) - wanted) < abs(Double($1) - wanted) }.prefix(4).sorted()
    throw Problem(
      422, "REQUEST_INVALID", "latencies are not counted at \(NumberText.decimal(milliseconds)) ms",
      hint: "the nearest: \(near.map { "\(NumberText.decimal(Double($0) / 1e6))" }.joined(separator: ", "))")
  }
}
