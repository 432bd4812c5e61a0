import Connectors
import Testing

@Suite("the circuit breaker")
struct CircuitBreakerTests {
  private let second: Int64 = 1_000_000_000

  @Test("failures in a row open it, one probe goes after the pause, and success closes it")
  func cycle() {
    var breaker = CircuitBreaker()
    for _ in 0..<3 {
      #expect(breaker.permission(now: 0) == .go)
      breaker.failed(now: 0, after: nil)
    }
    #expect(breaker.permission(now: 0) == .wait(second))
    #expect(breaker.permission(now: second) == .go)
    if case .go = breaker.permission(now: second) { Issue.record("two probes at once") }
    breaker.failed(now: second, after: nil)
    #expect(breaker.permission(now: second) == .wait(2 * second))
    #expect(breaker.permission(now: 3 * second) == .go)
    breaker.succeeded()
    #expect(breaker.permission(now: 3 * second) == .go && breaker.permission(now: 3 * second) == .go)
  }

  @Test("a success in between begins the count anew")
  func between() {
    var breaker = CircuitBreaker()
    for _ in 0..<10 {
      breaker.failed(now: 0, after: nil)
      breaker.failed(now: 0, after: nil)
      breaker.succeeded()
      #expect(breaker.permission(now: 0) == .go)
    }
  }

  @Test("pauses grow to their limit; what the provider asks for is heeded from the first failure on")
  func pauses() {
    var breaker = CircuitBreaker()
    breaker.failed(now: 0, after: 90 * second)
    #expect(breaker.permission(now: second) == .wait(89 * second))
    for _ in 0..<30 { breaker.failed(now: 90 * second, after: nil) }
    #expect(breaker.permission(now: 90 * second) == .wait(30 * second))
  }

  @Test("a probe that was given up leaves room for another")
  func abandoned() {
    var breaker = CircuitBreaker()
    for _ in 0..<3 { breaker.failed(now: 0, after: nil) }
    #expect(breaker.permission(now: 5 * second) == .go)
    breaker.abandoned()
    #expect(breaker.permission(now: 5 * second) == .go)
  }
}
