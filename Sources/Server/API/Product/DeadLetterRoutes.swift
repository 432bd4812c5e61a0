internal import Hummingbird

/// `/api/v1/dead-letters`: records that could not be used, and why.
struct DeadLetterRoutes: Sendable {
  let letters: DeadLetterStore

  struct List: Codable, SnakeCased {
    struct Group: Codable, SnakeCased {
      var step: String
      var reason: String
      var count: Int
    }

    struct Letter: Codable, SnakeCased {
      var step: String
      var reason: String
      var detail: String
      /// The input that it came from.
      var source: String
      /// Its place there.
      var offset: Int?
      /// Without personal data; long ones are cut.
      var record: String
    }

    /// All, the largest group first.
    var groups: [Group]
    var deadLetters: [Letter]
    /// Of those that were asked for; a million at most are counted.
    var totalCount: Int
  }

  var routes: [Route] {
    [
      Route(
        .get, "/api/v1/dead-letters", "listDeadLetters",
        "Records that jobs wrote into the table dead_letter, without personal data, and how many there are for each reason.",
        role: .operate,
        parameters: [
          Parameter(name: "step", kind: .text(253), summary: "only those that this step refused"),
          Parameter(name: "reason", kind: .text(253), summary: "only those refused for this reason"),
          .limit(1...200, standard: 50), .offset, .ifNoneMatch,
        ], answers: [.json(200, List.self, "the groups and the records", headers: ["ETag"])]
      ) { request, context in
        let (step, reason) = (context.values["step"], context.values["reason"])
        let (groups, found) = try await letters.read(step: step, reason: reason, context.page)
        let wanted = groups.filter { (step == nil || $0.step == step) && (reason == nil || $0.reason == reason) }
        return try JSON.tagged(
          List(
            groups: groups.map { List.Group(step: $0.step, reason: $0.reason, count: $0.count) },
            deadLetters: found.map {
              List.Letter(step: $0.step, reason: $0.reason, detail: $0.detail, source: $0.source, offset: $0.offset, record: $0.record)
            }, totalCount: wanted.reduce(0) { $0 + $1.count }), request)
      }
    ]
  }
}
