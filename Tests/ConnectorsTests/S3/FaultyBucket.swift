import Foundation
import RawServer
import Synchronization

/// An S3 server in memory that fails as real ones do, as often as it is told: before it has acted, after it has, or long afterwards.
final class FaultyBucket: Sendable {
  enum Fault: CaseIterable {
    /// 500 or 503, and nothing was done.
    case refused
    /// 500, and it was done.
    case doneButRefused
    /// The connection is reset, and nothing was done.
    case reset
    /// It was done, and the connection is reset before the answer.
    case doneButReset
    /// A conditional create was done, and the answer is 412.
    case doneButTaken
    /// Half of the answer, then the end.
    case truncated
    /// Nothing for longer than the client waits. It is done while a later request is, or never.
    case late
  }

  private struct State {
    var objects: [String: [UInt8]] = [:]
    var uploads: [String: [Int: [UInt8]]] = [:]
    var nextUpload = 1
    var random: SeededGenerator
    var faultPercent: Int
    var late: [RawServer.Request] = []
    var faults: [Fault: Int] = [:]
    /// Requests that are still to be answered by 503.
    var outage = 0
  }

  private let state: Mutex<State>
  private let knowsConditions: Bool
  private let knowsRanges: Bool
  /// Keys that one page of a listing has.
  private static let pageSize = 7

  var objects: [String: [UInt8]] { state.withLock { $0.objects } }
  /// Uploads in parts that are neither complete nor given up.
  var openUploads: Int { state.withLock { $0.uploads.count } }
  /// How often each fault has come.
  var faults: [Fault: Int] { state.withLock { $0.faults } }

  /// - Parameter faultPercent: how many of a hundred requests meet a fault.
  init(seed: UInt64 = 0, faultPercent: Int = 0, knowsConditions: Bool = true, knowsRanges: Bool = true) {
    state = Mutex(State(random: SeededGenerator(seed: seed), faultPercent: faultPercent))
    self.knowsConditions = knowsConditions
    self.knowsRanges = knowsRanges
  }

  /// From now on everything is answered as it should be, what was late included.
  func heal() { state.withLock { $0.faultPercent = 0 } }

  /// The next requests are answered by 503.
  func fail(requests: Int) { state.withLock { $0.outage = requests } }

  /// Answers on loopback for as long as the server is kept.
  func serve() throws -> RawServer { try RawServer { self.answer($0) } }

  private func answer(_ request: RawServer.Request) -> RawServer.Answer {
    state.withLock { state in
      if state.outage > 0 {
        state.outage -= 1
        return .bytes(Reply(503, code: "SlowDown").bytes)
      }
      if !state.late.isEmpty, Int.random(in: 0..<3, using: &state.random) == 0 {
        let late = state.late.removeFirst()
        if Bool.random(using: &state.random) { _ = act(late, &state) }
      }
      guard Int.random(in: 0..<100, using: &state.random) < state.faultPercent,
        let fault = Fault.allCases.randomElement(using: &state.random)
      else { return .bytes(act(request, &state).bytes) }
      // The client waits for it in real time: seldom.
      if fault == .late, Int.random(in: 0..<8, using: &state.random) > 0 { return .bytes(act(request, &state).bytes) }
      state.faults[fault, default: 0] += 1
      switch fault {
      case .refused: return .bytes(Reply(Bool.random(using: &state.random) ? 500 : 503, code: "SlowDown").bytes)
      case .doneButRefused:
        _ = act(request, &state)
        return .bytes(Reply(500, code: "InternalError").bytes)
      case .reset: return .reset
      case .doneButReset:
        _ = act(request, &state)
        return .reset
      case .doneButTaken:
        let reply = act(request, &state)
        return .bytes(request.header("if-none-match") == nil ? reply.bytes : Reply(412, code: "PreconditionFailed").bytes)
      case .truncated:
        let bytes = act(request, &state).bytes
        return .last(Array(bytes.prefix(bytes.count / 2)))
      case .late:
        state.late.append(request)
        return .silence
      }
    }
  }

  private struct Reply {
    var status: Int
    var headers = ""
    var body: [UInt8] = []
    var isHead = false

    init(_ status: Int, headers: String = "", body: [UInt8] = []) { (self.status, self.headers, self.body) = (status, headers, body) }
    init(_ status: Int, code: String) {
      self.init(status, body: Array("<Error><Code>\(code)</Code><Message>&lt;no&gt;</Message></Error>".utf8))
    }

    var bytes: [UInt8] {
      let end = status == 204 ? "\r\n" : "Content-Length: \(body.count)\r\n\r\n"
      return Array("HTTP/1.1 \(status) X\r\n\(headers)\(end)".utf8) + (isHead ? [] : body)
    }
  }

  private func act(_ request: RawServer.Request, _ state: inout State) -> Reply {
    guard let url = URLComponents(string: "http://x\(request.target)") else { return Reply(400, code: "BadRequest") }
    let query = Dictionary((url.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first }
    let key = String(url.path.dropFirst("/bucket/".count))
    switch request.method {
    case "PUT":
      if let part = query["partNumber"], let number = Int(part) {
        guard let id = query["uploadId"], state.uploads[id] != nil else { return Reply(404, code: "NoSuchUpload") }
        state.uploads[id]?[number] = request.body
        return Reply(200, headers: "ETag: \"\(number)\"\r\n")
      }
      if knowsConditions, request.header("if-none-match") != nil, state.objects[key] != nil {
        return Reply(412, code: "PreconditionFailed")
      }
      state.objects[key] = request.body
      return Reply(200)
    case "GET" where key.isEmpty: return list(query, state)
    case "GET", "HEAD":
      guard let bytes = state.objects[key] else { return request.method == "HEAD" ? Reply(404) : Reply(404, code: "NoSuchKey") }
      var reply = Reply(200, body: bytes)
      if knowsRanges, let range = request.header("range") {
        let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
        reply =
          ends[0] < bytes.count ? Reply(206, body: Array(bytes[ends[0]...min(ends[1], bytes.count - 1)])) : Reply(416, code: "InvalidRange")
      }
      reply.isHead = request.method == "HEAD"
      return reply
    case "DELETE":
      if let id = query["uploadId"] { state.uploads[id] = nil } else { state.objects[key] = nil }
      return Reply(204)
    case "POST" where query["uploads"] != nil:
      defer { state.nextUpload += 1 }
      state.uploads["u\(state.nextUpload)"] = [:]
      return Reply(200, body: Array("<X><UploadId>u\(state.nextUpload)</UploadId></X>".utf8))
    case "POST":
      guard let id = query["uploadId"], let parts = state.uploads.removeValue(forKey: id) else { return Reply(404, code: "NoSuchUpload") }
      state.objects[key] = parts.sorted { $0.key < $1.key }.flatMap(\.value)
      return Reply(200, body: Array("<X><ETag>&quot;1&quot;</ETag></X>".utf8))
    default: return Reply(405, code: "MethodNotAllowed")
    }
  }

  private func list(_ query: [String: String], _ state: State) -> Reply {
    let keys = state.objects.keys.filter { $0.hasPrefix(query["prefix"] ?? "") && $0 > query["continuation-token"] ?? "" }.sorted()
    let page = keys.prefix(Self.pageSize)
    var text = "<?xml version=\"1.0\"?><ListBucketResult><Prefix/><IsTruncated>\(keys.count > page.count)</IsTruncated>"
    if keys.count > page.count { text += "<NextContinuationToken>\(page.last ?? "")</NextContinuationToken>" }
    for key in page {
      let escaped = key.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      text += "<Contents><Key>\(escaped)</Key><Size>\(state.objects[key]?.count ?? 0)</Size><Owner><ID>1</ID></Owner></Contents>"
    }
    return Reply(200, body: Array((text + "</ListBucketResult>").utf8))
  }
}
