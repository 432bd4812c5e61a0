/// Journeys as a JSON document: `journeys.json`, from which artifacts can be made again.
package enum JourneyDocument {
  /// Why a document has no journeys.
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  package static func write(_ journeys: [Journey]) -> StructuredValue {
    ["version": 1, "bucketEdges": .list(JourneyMinute.bucketEdges.map { .int(Int($0)) }), "journeys": .list(journeys.map(write))]
  }

  private static func write(_ journey: Journey) -> StructuredValue {
    [
      "id": .text(journey.id), "name": .text(journey.name), "slug": .text(journey.slug), "entryService": .text(journey.entryService),
      "entryOperation": .text(journey.entryOperation), "environment": .text(journey.environment), "services": .texts(journey.services),
      "errorEvidence": .text(journey.errorEvidence.rawValue), "confidence": .number(journey.confidence),
      "confidenceFactors": .list(
        journey.confidenceFactors.map { ["name": .text($0.name), "value": .number($0.value), "reason": .text($0.reason)] }),
      "duration": write(journey.duration), "slowTraces": .texts(journey.slowTraces), "failedTraces": .texts(journey.failedTraces),
      "steps": .list(
        journey.steps.map { step in
          [
            "service": .text(step.service), "operation": .text(step.operation), "traces": .int(step.traces), "spans": .int(step.spans),
            "errors": .int(step.errors), "errorOrigins": .int(step.errorOrigins), "criticalShare": .number(step.criticalShare),
            "duration": write(step.duration),
          ]
        }),
      "calls": .list(
        journey.calls.map {
          [
            "from": .int($0.from), "to": .int($0.to), "probability": .number($0.probability), "callsPerTrace": .number($0.callsPerTrace),
            "isAsynchronous": .bool($0.isAsynchronous),
          ]
        }),
      // One text a minute: start, requests, errors, and the buckets without the zeros at the end.
      "minutes": .texts(
        journey.minutes.map { minute in
          var buckets = minute.buckets
          while buckets.last == 0 { buckets.removeLast() }
          return ([String(minute.start)] + ([minute.requests, minute.errors] + buckets).map { NumberText.decimal($0) }).joined(
            separator: " ")
        }),
    ]
  }

  private static func write(_ summary: DurationSummary) -> StructuredValue {
    ["p50": .int(Int(summary.p50)), "p95": .int(Int(summary.p95)), "p99": .int(Int(summary.p99)), "max": .int(Int(summary.max))]
  }

  /// The journeys of a document. Throws `Failure`.
  package static func read(_ document: StructuredValue) throws(Failure) -> [Journey] {
    guard document["version"] == 1, let list = document["journeys"] else {
      throw Failure(description: "this is no list of journeys of version 1")
    }
    var journeys: [Journey] = []
    for element in list.elements { journeys.append(try journey(element)) }
    return journeys
  }

  private static func journey(_ value: StructuredValue) throws(Failure) -> Journey {
    func text(_ key: String) throws(Failure) -> String {
      guard let text = value[key]?.string else { throw Failure(description: "a journey has no \(key)") }
      return text
    }
    func texts(_ key: String) -> [String] { value[key]?.elements.compactMap(\.string) ?? [] }
    var minutes: [JourneyMinute] = []
    for line in texts("minutes") { minutes.append(try minute(line)) }
    let steps = value["steps"]?.elements.map(step) ?? []
    let calls = (value["calls"]?.elements ?? []).map { call in
      JourneyCall(
        from: integer(call["from"]), to: integer(call["to"]), probability: call["probability"]?.double ?? 0,
        callsPerTrace: call["callsPerTrace"]?.double ?? 0, isAsynchronous: call["isAsynchronous"] == true)
    }
    guard calls.allSatisfy({ steps.indices.contains($0.from) && steps.indices.contains($0.to) }) else {
      throw Failure(description: "a call of \(try text("slug")) leads to no step")
    }
    return Journey(
      id: try text("id"), name: try text("name"), slug: try text("slug"), entryService: try text("entryService"),
      entryOperation: try text("entryOperation"), environment: try text("environment"), services: texts("services"), steps: steps,
      calls: calls, minutes: minutes.sorted { $0.start < $1.start }, duration: summary(value["duration"]),
      errorEvidence: ErrorEvidence(rawValue: try text("errorEvidence")) ?? .none, confidence: value["confidence"]?.double ?? 0,
      confidenceFactors: (value["confidenceFactors"]?.elements ?? []).map {
        ConfidenceFactor(name: $0["name"]?.string ?? "", value: $0["value"]?.double ?? 0, reason: $0["reason"]?.string ?? "")
      }, slowTraces: texts("slowTraces"), failedTraces: texts("failedTraces"))
  }

  private static func integer(_ value: StructuredValue?) -> Int { if case .int(let value) = value { value } else { -1 } }

  private static func summary(_ value: StructuredValue?) -> DurationSummary {
    func part(_ key: String) -> Int64 { Int64(max(0, integer(value?[key]))) }
    return DurationSummary(p50: part("p50"), p95: part("p95"), p99: part("p99"), max: part("max"))
  }

  private static func step(_ value: StructuredValue) -> JourneyStep {
    JourneyStep(
      service: value["service"]?.string ?? "", operation: value["operation"]?.string ?? "", traces: integer(value["traces"]),
      spans: integer(value["spans"]), errors: integer(value["errors"]), criticalShare: value["criticalShare"]?.double ?? 0,
      duration: summary(value["duration"]), errorOrigins: max(0, integer(value["errorOrigins"])))
  }

  private static func minute(_ line: String) throws(Failure) -> JourneyMinute {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Double($0) }
    let most = JourneyMinute.bucketEdges.count + 1
    guard let start = words.first.flatMap({ Int64($0) }), numbers.count == words.count - 1, (2...most + 2).contains(numbers.count),
      numbers.allSatisfy({ $0 >= 0 && $0 < 1e15 })
    else { throw Failure(description: "\"\(line)\" is no minute") }
    let buckets = Array(numbers.dropFirst(2))
    return JourneyMinute(
      start: start, requests: numbers[0], errors: numbers[1], buckets: buckets + [Double](repeating: 0, count: most - buckets.count))
  }
}
