import SLO
import Testing

@Suite("journeys")
struct JourneyDiscoveryTests {
  private typealias T = SyntheticTraces

  private func names(_ result: JourneyDiscovery.Result) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: result.journeys.map { ($0.name, Int($0.requests)) })
  }

  /// Every trace is in one journey, attached to one, or unassigned for a reason.
  private func expectComplete(_ result: JourneyDiscovery.Result) {
    let placed = result.assignment.count { $0 != nil }
    #expect(placed + result.unassigned.values.reduce(0, +) == result.traces)
    #expect(result.journeys.reduce(0) { $0 + $1.minutes.count } > 0)
  }

  // MARK: Kinds of systems

  @Test("where the entry has routes they are the journeys, whatever is called behind them")
  func routes() {
    var traces = T()
    for index in Int64(0)..<60 {
      let route = ["GET /cart", "POST /cart", "GET /orders/{id}"][Int(index % 3)]
      traces.add(
        T.node(
          "web", "GET", declared: route, kind: .server, length: 50,
          index % 2 == 0 ? [T.node("cache", "get")] : [T.node("db-proxy", "query"), T.node("cache", "set")]), minute: index % 7)
    }
    let result = traces.discover()
    #expect(names(result) == ["GET /cart": 20, "POST /cart": 20, "GET /orders/{id}": 20])
    #expect(result.journeys.allSatisfy { $0.variants.count == 2 && $0.errorEvidence == .spans })
    expectComplete(result)
  }

  @Test("behind a gateway that says nothing the first call tells; a request that calls nobody is one of its own")
  func gateway() {
    var traces = T()
    for index in Int64(0)..<90 {
      let call = ["/api/v1/shop/search", "/api/v1/shop/buy/{id}"][Int(index % 2)]
      traces.add(
        T.node(
          "acme-gateway", "/**", length: 50,
          index % 3 == 2
            ? []
            : [
              T.node(
                "acme-gateway", "HTTP POST", length: 40,
                [T.node("acme-shop-service", call, start: 1, length: 30, [T.node("acme-stock", "find")])])
            ]))
    }
    let result = traces.discover()
    #expect(names(result) == ["shop: search": 30, "shop: buy": 30, "gateway: no onward call": 30])
    expectComplete(result)
  }

  @Test("a call that nobody answered is told by who usually answers, and unassigned where that is nobody in particular")
  func lostCalls() {
    var traces = T()
    for index in Int64(0)..<100 {
      let isLost = index >= 96
      let client = index % 2 == 0 ? "shop.Cart/Get" : "shop.Pay/Charge"
      let server = index % 2 == 0 ? "cart" : "pay"
      traces.add(
        T.node(
          "front", "shop.Front/Recv.", length: 50, [T.node("front", client, length: 40, isLost ? [] : [T.node(server, client, length: 20)])]
        ))
    }
    #expect(names(traces.discover()) == ["cart: get": 50, "pay: charge": 50])

    var bare = T()
    for index in Int64(0)..<100 {
      let server = index % 2 == 0 ? "cart" : "pay"
      bare.add(
        T.node(
          "front", "/*", length: 50,
          [T.node("front", "HTTP GET", length: 40, index >= 96 ? [] : [T.node(server, "/\(server)/do", length: 20)])]))
    }
    let result = bare.discover()
    #expect(result.journeys.map(\.requests) == [48, 48])
    #expect(result.unassigned == [.lostCall: 4])
    expectComplete(result)
  }

  @Test("a check that all requests make first tells nothing: the next call does")
  func commonHop() {
    var traces = T()
    for index in Int64(0)..<60 {
      let service = ["cart", "orders"][Int(index % 2)]
      traces.add(
        T.node(
          "edge", "ingress", length: 50, [T.node("auth", "/check", length: 5), T.node(service, "/\(service)/list", start: 6, length: 20)]))
    }
    #expect(names(traces.discover()) == ["cart: list": 30, "orders: list": 30])
  }

  @Test("one service that says nothing at its entry is told by what it does")
  func singleService() {
    var traces = T()
    for index in Int64(0)..<80 {
      let handler = ["request handler - /users", "request handler - /items"][Int(index % 2)]
      traces.add(
        T.node(
          "app", "GET", kind: .server, length: 50, [T.node("app", "middleware - query"), T.node("app", handler, start: 2, length: 30)]))
    }
    let result = traces.discover()
    #expect(result.journeys.count == 2 && result.journeys.allSatisfy { $0.requests == 40 })
    expectComplete(result)
  }

  @Test("methods of gRPC are journeys, and their statuses errors")
  func grpc() {
    var traces = T()
    for index in Int64(0)..<40 {
      let method = index % 4 == 0 ? "shop.Checkout/PlaceOrder" : "shop.Checkout/Quote"
      traces.add(
        T.node(
          "checkout", method, declared: method, kind: .server, outcome: index % 8 == 0 ? .failed : .good, length: 20,
          [T.node("pay", "shop.Pay/Charge", kind: .server, outcome: index % 8 == 0 ? .failed : .good)]))
    }
    let result = traces.discover()
    #expect(names(result) == ["checkout: place order": 10, "checkout: quote": 30])
    let order = result.journeys[1]
    #expect(order.errors == 5 && order.failedTraces.count == 5)
    #expect(order.steps.map(\.errorOrigins) == [0, 5], "it began in pay")
  }

  @Test(
    "a link across a queue makes one journey of sender and receiver; without it there are two, and the receiver's is known by its queue")
  func queues() {
    var linked = T()
    var unlinked = T()
    for index in Int64(0)..<30 {
      let sender = T.node(
        "shop", "POST", declared: "POST /orders", kind: .server, length: 20,
        [T.node("shop", "publish orders", kind: .producer, start: 15, length: 2)])
      let receiver = T.node(
        "worker", "process orders", declared: "process orders", kind: .consumer, start: 400, length: 80,
        [T.node("mail", "/send", start: 410, length: 20)])
      let sent = linked.add(sender, minute: index)
      linked.add(receiver, minute: index, link: (sent.id, sent.spans[1]))
      unlinked.add(sender, minute: index)
      unlinked.add(receiver, minute: index)
    }
    let one = linked.discover()
    #expect(names(one) == ["POST /orders": 30])
    #expect(one.attached == 30 && one.journeys[0].services == ["mail", "shop", "worker"])
    let calls = one.journeys[0].calls.filter(\.isAsynchronous)
    #expect(calls.count == 1 && calls[0].probability == 1)
    #expect(one.journeys[0].steps[calls[0].to].operation == "process orders")
    expectComplete(one)
    #expect(unlinked.discover().journeys.count == 2)
  }

  // MARK: Claims about all

  @Test("another day of the same system has the same ids, whatever its traffic, its order and its new services")
  func stableIDs() {
    func day(_ seed: UInt64, isReversed: Bool) -> Set<String> {
      var traces = T()
      var dice = Dice(seed)
      if isReversed { traces.add(T.node("zebra", "GET", declared: "GET /zebra", kind: .server)) }
      for _ in 0..<300 {
        let call = "/api/\(["a", "b", "c"][Int(dice.next(3))])/go"
        traces.add(
          T.node("gate", "/*", length: 9, [T.node("gate", "HTTP", [T.node("back", call, length: 1 + dice.next(5))])]), minute: dice.next(60)
        )
      }
      return Set(traces.discover().journeys.filter { $0.entryService == "gate" }.map(\.id))
    }
    let first = day(1, isReversed: false)
    #expect(first.count == 3)
    #expect(first == day(99, isReversed: true))
  }

  @Test("an id never changes: this one is written down")
  func writtenID() {
    let key = JourneyKey(
      environment: "default", entry: .init(service: "gate", operation: "/*"), told: .hops([.init(service: "back", operation: "/api/a/go")]))
    #expect(key.id == "a2ad888cc23aa5d9d3cfad210e749de3")
  }

  @Test("counts are weighted by sampling; the duration is that of the root; shares of the critical path add up to one")
  func counts() {
    var traces = T()
    for index in Int64(0)..<10 {
      traces.add(
        T.node(
          "web", "GET", declared: "GET /a", kind: .server, length: 100,
          [T.node("x", "/x", start: 10, length: 40), T.node("y", "/y", start: 20, length: 30)]),
        minute: index / 5, weight: 4)
    }
    let journey = traces.discover().journeys[0]
    #expect(journey.requests == 40 && journey.minutes.map(\.requests) == [20, 20])
    #expect(journey.duration.p50 == 100_000_000)
    #expect(abs(journey.steps.reduce(0) { $0 + $1.criticalShare } - 1) < 1e-9)
    #expect(journey.minutes.allSatisfy { abs($0.buckets.reduce(0, +) - $0.requests) < 1e-9 })
    #expect(journey.steps[0].service == "web" && abs(journey.steps[0].criticalShare - 0.6) < 1e-9)
  }

  @Test("traces without a beginning go to the journey whose call they begin with, or to none")
  func headless() {
    var traces = T()
    for index in Int64(0)..<200 {
      let name = ["a", "b"][Int(index % 2)]
      traces.add(
        T.node("gate", "/*", length: 50, [T.node(name, "/\(name)/do", length: 30, [T.node("deep", "work", length: 3)])]),
        isHeadless: index == 7)
    }
    traces.add(T.node("lost", "", [T.node("deep", "work")]), isHeadless: true)
    let result = traces.discover()
    #expect(result.journeys.map(\.requests) == [100, 100])
    #expect(result.unassigned == [.noRoot: 1])
    expectComplete(result)
  }

  @Test("errors in logs count where spans say nothing, but not those that a step logs in most traces")
  func logs() {
    var traces = T()
    var logs = LogEvidence()
    for index in Int64(0)..<40 {
      let (id, spans) = traces.add(T.node("gate", "/*", length: 20, [T.node("back", "/a/b", length: 10)]))
      logs.add(trace: id, span: spans[0], isError: true)
      logs.add(trace: id, span: spans[1], isError: index < 4)
    }
    let journey = traces.discover(logs: logs).journeys[0]
    #expect(journey.errorEvidence == .logs && journey.errors == 4)
    #expect(journey.steps.first { $0.service == "back" }?.errorOrigins == 4)
    #expect(traces.discover().journeys[0].errorEvidence == .none)
  }

  @Test("confidence grows with traces: 10 are below one half, 10,000 complete ones above nine tenths")
  func confidence() {
    var last = 0.0
    for count in [Int64(1), 10, 100, 1000, 10_000] {
      var traces = T()
      for index in 0..<count { traces.add(T.node("web", "GET", declared: "GET /a", kind: .server), minute: index % 60) }
      let journey = traces.discover().journeys[0]
      #expect(journey.confidence > last)
      #expect(abs(journey.confidenceFactors.reduce(1) { $0 * $1.value } - journey.confidence) < 1e-12)
      if count == 10 { #expect(journey.confidence < 0.5) }
      last = journey.confidence
    }
    #expect(last > 0.9)
  }

  // MARK: Edits and drift

  private func shop() -> T {
    var traces = T()
    for index in Int64(0)..<90 {
      let route = ["GET /a", "GET /b", "GET /c"][Int(index % 3)]
      traces.add(T.node("web", "GET", declared: route, kind: .server, index % 6 < 3 ? [T.node("extra", "/more")] : []))
    }
    return traces
  }

  @Test("names, merges and splits outlive the next discovery; ids stay")
  func edits() {
    let plain = shop().discover()
    let byName = Dictionary(uniqueKeysWithValues: plain.journeys.map { ($0.name, $0.id) })
    var edits = JourneyEdits()
    edits.names["get-a"] = "The first"
    edits.merges["get-b"] = String((byName["GET /a"] ?? "").prefix(8))
    edits.splits = [.init(journey: "get-c", service: "extra", name: "C with more")]
    edits.pins = ["gone-for-good"]
    let edited = shop().discover(edits)
    #expect(names(edited) == ["The first": 60, "GET /c": 15, "C with more": 15])
    #expect(edited.journeys[0].id == byName["GET /a"] && edited.journeys[0].entryOperation == "GET /a")
    #expect(edited.unknownEdits == ["gone-for-good"])
    #expect(Set(edited.journeys.map(\.slug)) == ["the-first", "get-c", "c-with-more"])
    #expect(shop().discover(edits).journeys == edited.journeys)
    expectComplete(edited)
  }

  @Test("a service that goes away half-way is named as what changed, a slower journey with both figures")
  func drift() {
    func half(_ hasStock: Bool, _ length: Int64) -> [Journey] {
      var traces = T()
      for _ in 0..<50 {
        traces.add(
          T.node(
            "web", "GET", declared: "GET /a", kind: .server, length: length,
            hasStock ? [T.node("stock", "/find"), T.node("cart", "/x")] : [T.node("cart", "/x")]))
      }
      return traces.discover().journeys
    }
    let (before, after) = (half(true, 10), half(false, 20))
    let id = before[0].id
    #expect(
      JourneyDrift.between(before, after) == [
        .lostService(journey: id, service: "stock"), .latency(journey: id, before: 10_000_000, after: 20_000_000),
      ])
    #expect(JourneyDrift.between(before, before).isEmpty)
    #expect(JourneyDrift.between(before, []) == [.lostJourney(id: id, name: "GET /a")])
  }
}
