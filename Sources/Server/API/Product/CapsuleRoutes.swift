internal import Hummingbird

/// `/api/v1/capsules`: what services log, by template.
struct CapsuleRoutes: Sendable {
  let capsules: CapsuleStore

  struct List: Codable, SnakeCased {
    var capsules: [CapsuleView]
    var totalCount: Int
  }

  private static let filters = [
    Parameter(name: "service", kind: .text(253), summary: "only those of this service"),
    Parameter(name: "environment", kind: .text(253), summary: "only those of this environment"),
    Parameter(name: "severity", kind: .text(32), summary: "only those with records of this severity"),
    Parameter(name: "hours", kind: .integer(1...8760, standard: nil), summary: "only the newest so many hours"),
  ]

  var routes: [Route] {
    [
      Route(
        .get, "/api/v1/capsules", "searchCapsules", "Templates of log messages, the most frequent first, with their counts over time.",
        role: .read,
        parameters: [Parameter(name: "q", kind: .text(500), summary: "part of the template")] + Self.filters
          + [.limit(1...200, standard: 50), .offset, .ifNoneMatch], answers: [.json(200, List.self, "the capsules", headers: ["ETag"])]
      ) { request, context in
        let (found, total) = try await capsules.search(filter(context), context.page)
        return try JSON.tagged(List(capsules: found.map { CapsuleView($0, samples: false) }, totalCount: total), request)
      },
      Route(
        .get, "/api/v1/capsules/{fingerprint}", "getCapsule", "A template in all services and environments, with samples.", role: .read,
        parameters: Self.filters + [.ifNoneMatch],
        answers: [
          .json(200, List.self, "one entry for each service and environment", headers: ["ETag"]), .problem(404, "CAPSULE_NOT_FOUND"),
        ]
      ) { request, context in
        let (found, total) = try await capsules.search(
          filter(context), fingerprint: try context.plain("fingerprint"), Page(limit: 200, offset: 0))
        guard !found.isEmpty else { throw NotStored(kind: "capsule") }
        return try JSON.tagged(List(capsules: found.map { CapsuleView($0, samples: true) }, totalCount: total), request)
      },
    ]
  }

  private func filter(_ context: ServerContext) -> CapsuleStore.Filter {
    CapsuleStore.Filter(
      text: context.values["q"], service: context.values["service"], environment: context.values["environment"],
      severity: context.values["severity"], hours: context.values["hours"].flatMap { Int($0) })
  }
}

/// A capsule as clients see it.
struct CapsuleView: Codable, SnakeCased {
  struct Count: Codable, SnakeCased {
    var name: String
    var count: Int
  }

  struct Window: Codable, SnakeCased {
    /// RFC 3339.
    var start: String
    var count: Int
  }

  struct Sample: Codable, SnakeCased {
    var id: String
    var message: String
    var traceId: String?
  }

  var fingerprint: String
  var service: String
  var environment: String
  var template: String
  var count: Int
  var severities: [Count]
  var firstSeen: String?
  var lastSeen: String?
  /// The newest 48 windows, the oldest first.
  var windows: [Window]
  /// Absent in lists.
  var samples: [Sample]?

  init(_ capsule: CapsuleStore.Capsule, samples withSamples: Bool) {
    (fingerprint, service, environment) = (capsule.fingerprint, capsule.service, capsule.environment)
    (template, count) = (capsule.template, capsule.count)
    severities = capsule.severities.map { Count(name: $0.name, count: $0.count) }
    (firstSeen, lastSeen) = (capsule.firstSeen, capsule.lastSeen)
    windows = capsule.windows.map { Window(start: $0.start, count: $0.count) }
    samples = withSamples ? capsule.samples.map { Sample(id: $0.id, message: $0.message, traceId: $0.trace) } : nil
  }
}
