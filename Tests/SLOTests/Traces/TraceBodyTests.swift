import SLO
import Testing

@Suite("traces as bytes")
struct TraceBodyTests {
  private func text(_ string: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) { Array(string.utf8).withUnsafeBufferPointer(body) }

  private func body(_ row: SpanRow, links: [(trace: TraceID, span: UInt64)] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    TraceBody.begin(TraceID(high: 1, low: 2), &bytes)
    text("shop") { service in
      text("GET") { operation in
        text("GET /cart") { declared in
          text("prod") { environment in
            text("carts") { peer in
              SpanRecord.append(
                row,
                SpanRecord.Names(service: service, operation: operation, declared: declared, environment: environment, peer: peer),
                flags: SpanRecord.Flag.database, links: links, to: &bytes)
            }
          }
        }
      }
    }
    return bytes
  }

  @Test("what is written is read again, with names and links")
  func roundTrip() throws {
    let row = SpanRow(id: 7, parent: 8, start: 1_000, end: 2_000, trace: 0, step: 0, weight: 4, kind: .client, outcome: .failed)
    let bytes = body(row, links: [(TraceID(high: 3, low: 4), 5)])
    var store = SpanStore()
    let trace = bytes.withUnsafeBytes { TraceBody.read($0, into: &store) }
    #expect(trace == 0 && store.traceIDs == [TraceID(high: 1, low: 2)])
    let read = try #require(store.rows.first)
    #expect(
      read.id == 7 && read.parent == 8 && read.duration == 1_000 && read.weight == 4 && read.kind == .client && read.outcome == .failed)
    #expect(store.serviceName(read.step) == "shop" && store.operationName(read.step) == "GET")
    #expect(store.names.string(read.declared) == "GET /cart" && store.names.string(read.peer) == "carts")
    #expect(store.environments.string(read.environment) == "prod" && read.flags == SpanRecord.Flag.database)
    #expect(store.links == [SpanStore.Link(trace: 0, span: 7, target: TraceID(high: 3, low: 4), targetSpan: 5)])
  }

  @Test("bytes that end early are no trace, wherever they end")
  func short() {
    let bytes = body(SpanRow(id: 7, start: 1, end: 2, trace: 0, step: 0), links: [(TraceID(high: 3, low: 4), 5)])
    for count in 0..<bytes.count {
      var store = SpanStore()
      #expect(bytes.prefix(count).withUnsafeBytes { TraceBody.read($0, into: &store) } == nil, "\(count)")
    }
  }

  @Test("totals are exact in any order: weights to a millionth, durations to the nanosecond")
  func tallies() {
    let edges: [Int64] = [10, 100]
    var (forward, backward) = (HistogramTally(edges: 2), HistogramTally(edges: 2))
    let values = (1...300).map { (Int64($0), HistogramTally.units(Float($0) / 7)) }
    for (value, units) in values { forward.add(value, units: units, edges: edges) }
    for (value, units) in values.reversed() { backward.add(value, units: units, edges: edges) }
    #expect(forward == backward && HistogramTally.number(HistogramTally.units(4)) == 4)
    var both = forward
    both.merge(backward)
    #expect(both.count == 2 * forward.count && both.sum == 2 * forward.sum)
  }
}
