internal import Connectors
internal import Foundation
internal import Hummingbird

/// `/api/v1/capsules/search`: templates by what they mean.
struct SearchRoutes: Sendable {
  let searcher: CapsuleSearcher

  private static let times = [
    Parameter(name: "from", kind: .text(40), summary: "only windows that end after this time, as RFC 3339 writes it"),
    Parameter(name: "to", kind: .text(40), summary: "only windows that begin before this time"),
  ]

  var routes: [Route] {
    [
      Route(
        .get, "/api/v1/capsules/search", "searchCapsulesByMeaning",
        "The templates that fit a question in one's own words, the best first: by meaning where there is a model, by words where not.",
        role: .read,
        parameters: [
          Parameter(name: "q", isRequired: true, kind: .text(500), summary: "what is looked for, in your own words"),
          Parameter(name: "service", kind: .text(253), summary: "only those of this service"),
          Parameter(name: "environment", kind: .text(253), summary: "only those of this environment"),
          Parameter(name: "severity", kind: .text(32), summary: "only those with records of this severity"),
        ] + Self.times + [.limit(1...100, standard: 10), .ifNoneMatch],
        answers: [.json(200, SearchView.self, "the answer", headers: ["ETag"])]
      ) { request, context in
        var query = CapsuleQuery(context.values["q"] ?? "")
        (query.service, query.environment, query.severity) = (
          context.values["service"], context.values["environment"], context.values["severity"]
        )
        (query.from, query.to, query.limit) = (try Self.time("from", context), try Self.time("to", context), context.integer("limit"))
        return try JSON.tagged(SearchView(try await searcher.search(query)), request)
      }
    ]
  }

  private static func time(_ name: String, _ context: ServerContext) throws -> String? {
    guard let text = context.values[name] else { return nil }
    guard let date = try? Date(text, strategy: .iso8601) else {
      throw Problem(
        422, "PARAMETER_INVALID", "the parameter \"\(name)\" is not taken", "\"\(text)\" is no time", hint: "write 2026-01-01T12:00:00Z")
    }
    return date.formatted(.iso8601)
  }
}

/// An answer to a search, as clients see it.
struct SearchView: Codable, SnakeCased {
  struct Hit: Codable, SnakeCased {
    /// What hits are ordered by; comparable within one answer only.
    var score: Double
    /// The cosine of the angle between question and template; absent where the template has no vector.
    var similarity: Double?
    var fingerprint: String
    var template: String
    var services: [String]
    var environments: [String]
    var count: Int
    var severities: [CapsuleView.Count]
    /// RFC 3339.
    var firstSeen: String
    var lastSeen: String
    /// Up to three messages.
    var samples: [String]
  }

  /// `meaning`, or `words` where there is no model or nothing is embedded yet.
  var method: String
  /// Of the vectors; absent for `words`.
  var model: String?
  /// Why only words counted, and what can be done about it.
  var note: String?
  /// Templates that were looked at.
  var searched: Int
  var hits: [Hit]

  init(_ result: CapsuleSearchResult) {
    (method, model, note, searched) = (result.method.rawValue, result.model, result.note, result.searched)
    hits = result.hits.map { hit in
      Hit(
        score: Double(hit.score), similarity: hit.similarity.map(Double.init), fingerprint: hit.fingerprint, template: hit.template,
        services: hit.services, environments: hit.environments, count: hit.count,
        severities: hit.severities.sorted { $0.key < $1.key }.map { CapsuleView.Count(name: $0.key, count: $0.value) },
        firstSeen: hit.firstSeen, lastSeen: hit.lastSeen, samples: hit.samples)
    }
  }
}
