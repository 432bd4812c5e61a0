internal import Connectors
internal import Dataflow
internal import Foundation
internal import Glibc
internal import Synchronization

/// OTLP over HTTP from the socket to the spool on the disk: records a second of CPU time, and how long senders wait at half of that load.
public struct ReceiverBenchmark {
  private static let records = 500
  private static let senders = 2

  private let signal: OTLPSignal
  private let seconds: Double

  /// - Parameters:
  ///   - signal: `traces`, `logs` or `metrics`. Nil for anything else.
  ///   - seconds: about how long each of the two parts takes.
  public init?(signal: String, seconds: Double) {
    guard let signal = OTLPSignal(rawValue: signal) else { return nil }
    self.signal = signal
    self.seconds = seconds
  }

  /// One JSON line of figures. Throws when the receiver cannot listen or refuses what it is sent.
  public func run() throws -> String {
    let root = FileManager.default.temporaryDirectory.path + "/sloscout-receiver-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let runtime = SystemRuntime(threads: 1)
    var settings = LocalTopicSettings()
    settings.partitions = 1
    settings.segmentBytes = 16 << 20
    let client = LocalTopicClient(root: root, settings: settings)
    let spool = try RequestSpool(client.topic("bench"), limit: 64 << 30, runtime)
    let options = PushOptions(OTLPProtocol(signals: [signal]), address: ListenAddress(port: 0), client: client, topic: "bench")
    let receiver = PushReceiver(options, now: { runtime.now() }) { try await spool.append($0) }
    receiver.start()
    let port = try listening(receiver)
    let request = OTLPSample(signal: signal, records: Self.records).request
    let sender = HTTPSender(port: port, path: signal.path, body: request)

    _ = try send(sender, seconds: 0.3, requestsPerSecond: nil)
    let before = ProcessUsage.now.cpuSeconds
    let full = try send(sender, seconds: seconds, requestsPerSecond: nil)
    // What the senders use is theirs, though they run in this process.
    let used = ProcessUsage.now.cpuSeconds - before - full.cpuSeconds
    let sent = Double(full.times.count * Self.records)
    let half = try send(sender, seconds: seconds, requestsPerSecond: Double(full.times.count) / full.seconds / 2)
    let stopped = DispatchSemaphore(value: 0)
    Task {
      await receiver.stop()
      stopped.signal()
    }
    stopped.wait()
    let times = half.times.sorted()
    func milliseconds(_ share: Double) -> String { String(format: "%.2f", times[Int(Double(times.count - 1) * share)] * 1e3) }
    return
      "{\"signal\":\"\(signal.rawValue)\",\"request_bytes_a_record\":\(request.count / Self.records),"
      + "\"records_cpu_s\":\(Int(sent / used)),\"records_s\":\(Int(sent / full.seconds)),"
      + "\"half_load_requests\":\(times.count),\"half_load_p50_ms\":\(milliseconds(0.5)),\"half_load_p99_ms\":\(milliseconds(0.99))}"
  }

  private func listening(_ receiver: PushReceiver) throws -> Int {
    for _ in 0..<1000 {
      switch receiver.state {
      case .listening(let port): return port
      case .failed(let why): throw BenchmarkError(why)
      default: usleep(2000)
      }
    }
    throw BenchmarkError("the receiver does not listen")
  }

  private struct Sent {
    var times: [Double] = []
    var cpuSeconds = 0.0
    var seconds = 0.0
    var failure: String?
  }

  /// Sends on all connections at once; all together so many requests a second, or as many as can be.
  private func send(_ sender: HTTPSender, seconds: Double, requestsPerSecond: Double?) throws -> Sent {
    let all = Mutex(Sent())
    let start = Date()
    let pause = requestsPerSecond.map { Double(Self.senders) / $0 }
    DispatchQueue.concurrentPerform(iterations: Self.senders) { index in
      do {
        let (times, cpu) = try sender.run(seconds: seconds, pause: pause, offset: Double(index) / Double(Self.senders))
        all.withLock {
          $0.times += times
          $0.cpuSeconds += cpu
        }
      } catch { all.withLock { $0.failure = "\(error)" } }
    }
    var result = all.withLock { $0 }
    if let failure = result.failure { throw BenchmarkError(failure) }
    result.seconds = Date().timeIntervalSince(start)
    return result
  }
}
