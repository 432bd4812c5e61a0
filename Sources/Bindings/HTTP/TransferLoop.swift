internal import CCurl
internal import Glibc
internal import Synchronization

/// The thread that drives all transfers of a client, and the box through which other threads talk to it.
final class TransferLoop: Sendable {
  struct Settings: Sendable {
    var userAgent: String
    var caFile: String?
    var certificate: (chain: String, key: String)?
    var maxConnections: Int
    var maxConnectionsPerHost: Int
  }

  typealias Completion = @Sendable (Result<HTTPClient.Response, HTTPError>) -> Void

  private struct Added {
    var id: UInt64
    var request: HTTPClient.Request
    var completion: Completion
  }

  /// `@unchecked Sendable`: other threads than the loop's only wake it, which the library allows at any time until it is freed.
  private struct Multi: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
  }

  private struct Box: Sendable {
    /// Nil when the loop has ended and the library's part is freed.
    var multi: Multi?
    var isClosed = false
    var nextID: UInt64 = 1
    var added: [Added] = []
    var cancelled: [UInt64] = []
  }

  private let settings: Settings
  private let box: Mutex<Box>

  /// Safe to run from several threads since 7.84; Swift runs it once.
  private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init(_ settings: Settings) throws(HTTPError) {
    guard Self.isLibraryReady, let multi = curl_multi_init() else { throw HTTPError(.failed, "http: libcurl could not be set up") }
    sloscout_curl_multi_number(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, settings.maxConnections)
    sloscout_curl_multi_number(multi, CURLMOPT_MAX_HOST_CONNECTIONS, settings.maxConnectionsPerHost)
    sloscout_curl_multi_number(multi, CURLMOPT_MAXCONNECTS, settings.maxConnections)
    self.settings = settings
    box = Mutex(Box(multi: Multi(pointer: multi)))
    var thread = pthread_t()
    let started = pthread_create(
      &thread, nil,
      { loop in
        // Retained below, for exactly this thread.
        guard let loop else { return nil }
        Unmanaged<TransferLoop>.fromOpaque(loop).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard started == 0 else {
      Unmanaged.passUnretained(self).release()
      curl_multi_cleanup(multi)
      throw HTTPError(.failed, "http: no thread for the client")
    }
    pthread_detach(thread)
  }

  /// Hands a request to the thread. After `close` it completes at once, with `.cancelled`.
  func add(_ request: HTTPClient.Request, _ completion: @escaping Completion) -> UInt64 {
    let id: UInt64? = box.withLock { box in
      guard !box.isClosed else { return nil }
      defer { box.nextID += 1 }
      box.added.append(Added(id: box.nextID, request: request, completion: completion))
      curl_multi_wakeup(box.multi?.pointer)
      return box.nextID
    }
    if id == nil { completion(.failure(Self.closed)) }
    return id ?? 0
  }

  func cancel(_ id: UInt64) {
    box.withLock { box in
      guard let multi = box.multi else { return }
      box.cancelled.append(id)
      curl_multi_wakeup(multi.pointer)
    }
  }

  func close() {
    box.withLock { box in
      box.isClosed = true
      if let multi = box.multi { curl_multi_wakeup(multi.pointer) }
    }
  }

  private static let closed = HTTPError(.cancelled, "http: the client was closed")

  // MARK: On the thread

  private func run() {
    guard let multi = box.withLock({ $0.multi })?.pointer else { return }
    var running: [UInt64: Transfer] = [:]
    var isClosed = false
    while !isClosed {
      let (added, cancelled): ([Added], [UInt64])
      (added, cancelled, isClosed) = box.withLock { box in
        defer { (box.added, box.cancelled) = ([], []) }
        return (box.added, box.cancelled, box.isClosed)
      }
      for added in added { begin(added, multi, &running) }
      for id in cancelled { end(running.removeValue(forKey: id), multi, .failure(HTTPError(.cancelled, "http: cancelled"))) }
      var count: Int32 = 0
      curl_multi_perform(multi, &count)
      finish(multi, &running)
      if !isClosed { curl_multi_poll(multi, nil, 0, 1000, nil) }
    }
    for transfer in running.values { end(transfer, multi, .failure(Self.closed)) }
    box.withLock { box in
      box.multi = nil
      curl_multi_cleanup(multi)
    }
  }

  private func begin(_ added: Added, _ multi: UnsafeMutableRawPointer, _ running: inout [UInt64: Transfer]) {
    do throws(HTTPError) {
      let transfer = try Transfer(added.id, added.request, settings, added.completion)
      let code = curl_multi_add_handle(multi, transfer.curl)
      guard code == CURLM_OK else { throw HTTPError(.failed, "http: \(String(cString: curl_multi_strerror(code)))") }
      running[added.id] = transfer
    } catch {
      added.completion(.failure(error))
    }
  }

  private func finish(_ multi: UnsafeMutableRawPointer, _ running: inout [UInt64: Transfer]) {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE else { continue }
      // Both must be read before the handle is removed, which frees the message.
      let (curl, result) = (message.pointee.easy_handle, sloscout_curl_result(message))
      guard let id = running.first(where: { $0.value.curl == curl })?.key, let transfer = running.removeValue(forKey: id) else { continue }
      end(transfer, multi, transfer.result(result))
    }
  }

  private func end(_ transfer: Transfer?, _ multi: UnsafeMutableRawPointer, _ result: Result<HTTPClient.Response, HTTPError>) {
    guard let transfer else { return }
    curl_multi_remove_handle(multi, transfer.curl)
    transfer.completion(result)
  }
}
