internal import CCurl
internal import Glibc

/// One request and what has come back of it. Lives on the loop's thread; libcurl holds its address while it runs.
final class Transfer {
  let curl: UnsafeMutableRawPointer
  let completion: TransferLoop.Completion
  private let body: ArraySlice<UInt8>
  private let maxBodyBytes: Int
  private let onBody: (@Sendable (UnsafeRawBufferPointer) -> Void)?
  private var sent = 0
  private var headers: [(name: String, value: String)] = []
  private var received: [UInt8] = []
  private var isTooLarge = false
  /// The empty line after the headers of the last answer has come.
  private var hasAllHeaders = false
  private let words: UnsafeMutablePointer<CChar>
  private var list: UnsafeMutablePointer<curl_slist>?

  init(_ id: UInt64, _ request: HTTPClient.Request, _ settings: TransferLoop.Settings, _ completion: @escaping TransferLoop.Completion)
    throws(HTTPError)
  {
    guard let curl = curl_easy_init() else { throw HTTPError(.failed, "http: no memory for a request") }
    self.curl = curl
    self.completion = completion
    body = request.body ?? []
    maxBodyBytes = request.maxBodyBytes
    onBody = request.onBody
    words = .allocate(capacity: Int(CURL_ERROR_SIZE))
    words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    try set(request, settings)
  }

  deinit {
    curl_easy_cleanup(curl)
    curl_slist_free_all(list)
    words.deallocate()
  }

  // MARK: Options

  private func set(_ request: HTTPClient.Request, _ settings: TransferLoop.Settings) throws(HTTPError) {
    try checkText(request)
    let this = Unmanaged.passUnretained(self).toOpaque()
    sloscout_curl_pointer(curl, CURLOPT_ERRORBUFFER, words)
    try text(CURLOPT_URL, request.url)
    // The same for what redirects lead to: no files, no other protocols.
    try text(CURLOPT_PROTOCOLS_STR, "http,https")
    try text(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    setVersion(request)
    number(CURLOPT_NOSIGNAL, 1)
    number(CURLOPT_TCP_KEEPALIVE, 1)
    number(CURLOPT_FOLLOWLOCATION, request.maxRedirects > 0 ? 1 : 0)
    number(CURLOPT_MAXREDIRS, request.maxRedirects)
    number(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout))
    number(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout))
    number(CURLOPT_LOW_SPEED_LIMIT, 1)
    number(CURLOPT_LOW_SPEED_TIME, max(1, Int((request.stallTimeout + 999_999_999) / 1_000_000_000)))
    try text(CURLOPT_USERAGENT, settings.userAgent)
    if let file = settings.caFile { try text(CURLOPT_CAINFO, file) }
    if let (chain, key) = settings.certificate {
      try text(CURLOPT_SSLCERT, chain)
      try text(CURLOPT_SSLKEY, key)
    }
    if request.acceptsCompression { try text(CURLOPT_ACCEPT_ENCODING, "gzip") }
    setMethod(request.method, hasBody: request.body != nil)
    if let signing = request.signing { try sign(signing) }
    addHeaders(request)
    sloscout_curl_pointer(curl, CURLOPT_HTTPHEADER, list)
    sloscout_curl_pointer(curl, CURLOPT_HEADERDATA, this)
    sloscout_curl_data_function(curl, CURLOPT_HEADERFUNCTION) { bytes, size, count, transfer in
      Transfer.of(transfer)?.take(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
      return size * count
    }
    sloscout_curl_pointer(curl, CURLOPT_WRITEDATA, this)
    sloscout_curl_data_function(curl, CURLOPT_WRITEFUNCTION) { bytes, size, count, transfer in
      let isTaken = Transfer.of(transfer)?.take(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? false
      // Any other number than that of the bytes ends the transfer.
      return isTaken ? size * count : (size * count == 0 ? 1 : 0)
    }
    sloscout_curl_pointer(curl, CURLOPT_READDATA, this)
    sloscout_curl_data_function(curl, CURLOPT_READFUNCTION) { room, size, count, transfer in
      Transfer.of(transfer)?.give(UnsafeMutableRawBufferPointer(start: room, count: size * count)) ?? 0
    }
    sloscout_curl_pointer(curl, CURLOPT_SEEKDATA, this)
    sloscout_curl_seek_function(curl) { transfer, offset, origin in
      Transfer.of(transfer)?.seek(Int(offset), origin) ?? Int32(CURL_SEEKFUNC_FAIL)
    }
  }

  /// The pointer that this file gave to the library, while the loop keeps the transfer alive.
  private static func of(_ pointer: UnsafeMutableRawPointer?) -> Transfer? {
    pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// A line end would let a value become a header, or a request, of its own.
  private func checkText(_ request: HTTPClient.Request) throws(HTTPError) {
    let texts = [request.method, request.url] + request.headers.flatMap { [$0.name, $0.value] }
    if texts.contains(where: { $0.utf8.contains { $0 < 0x20 && $0 != 9 || $0 == 0x7F } }) {
      throw HTTPError(.unusable, "http: a control character in method, url or header")
    }
  }

  private func setMethod(_ method: String, hasBody: Bool) {
    if method == "HEAD" {
      number(CURLOPT_NOBODY, 1)
    } else if hasBody {
      number(CURLOPT_UPLOAD, 1)
      sloscout_curl_size(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(body.count))
    } else {
      number(CURLOPT_HTTPGET, 1)
    }
    if method != "HEAD" { sloscout_curl_text(curl, CURLOPT_CUSTOMREQUEST, method) }
  }

  private func sign(_ signing: HTTPClient.Signing) throws(HTTPError) {
    try text(CURLOPT_AWS_SIGV4, "aws:amz:\(signing.region):\(signing.service)")
    try text(CURLOPT_USERNAME, signing.accessKey)
    try text(CURLOPT_PASSWORD, signing.secretKey)
    // Without it libcurl 7.88 signs bodies that it is given piece by piece as if they were empty.
    append("x-amz-content-sha256: UNSIGNED-PAYLOAD")
    if let token = signing.sessionToken { append("x-amz-security-token: \(token)") }
  }

  private func addHeaders(_ request: HTTPClient.Request) {
    // libcurl asks a server for leave before a body. A header that it is told to leave out it signs all the same (7.88): a signed request asks, and
    // hardly waits for the answer.
    if request.body != nil {
      if request.signing == nil { append("Expect:") } else { number(CURLOPT_EXPECT_100_TIMEOUT_MS, 1) }
    }
    for (name, value) in request.headers { append(value.isEmpty ? "\(name);" : "\(name): \(value)") }
  }

  private func append(_ header: String) { list = curl_slist_append(list, header) }

  private func number(_ option: CURLoption, _ value: Int) { sloscout_curl_number(curl, option, value) }

  private func text(_ option: CURLoption, _ value: String) throws(HTTPError) {
    let code = sloscout_curl_text(curl, option, value)
    guard code == CURLE_OK else { throw HTTPError(code, "") }
  }

  private func setVersion(_ request: HTTPClient.Request) {
    guard request.isHTTP2 else { return number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) }
    if request.url.hasPrefix("https://") { return number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS) }
    number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
    // libcurl 7.88 cannot use a connection again that began with HTTP/2 and without TLS: the second request fails in its framing layer.
    number(CURLOPT_FRESH_CONNECT, 1)
    number(CURLOPT_FORBID_REUSE, 1)
  }

  private static func milliseconds(_ nanoseconds: Int64) -> Int { max(1, Int(nanoseconds / 1_000_000)) }

  // MARK: Callbacks

  private func take(header bytes: UnsafeRawBufferPointer) {
    let line = String(decoding: bytes, as: UTF8.self)
    // A status line begins an answer: what came before it was a 100, a proxy's answer or a redirect.
    if line.hasPrefix("HTTP/") {
      headers = []
      received = []
      hasAllHeaders = false
      return
    }
    if line == "\r\n" || line == "\n" {
      hasAllHeaders = true
      return
    }
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return }
    let value = line[line.utf8.index(after: colon)...]
    let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
    var trimmed = value.drop(while: blanks)
    while let last = trimmed.last, blanks(last) { trimmed.removeLast() }
    headers.append((line[..<colon].lowercased(), String(trimmed)))
  }

  private func take(body bytes: UnsafeRawBufferPointer) -> Bool {
    if let onBody, (200..<300).contains(status) {
      onBody(bytes)
      return true
    }
    guard received.count + bytes.count <= maxBodyBytes else {
      isTooLarge = true
      return false
    }
    received.append(contentsOf: bytes)
    return true
  }

  private func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(room.count, body.count - sent)
    body.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[sent..<(sent + count)])) }
    sent += count
    return count
  }

  /// The library sends the body again, on another connection.
  private func seek(_ offset: Int, _ origin: Int32) -> Int32 {
    guard origin == SEEK_SET, offset >= 0, offset <= body.count else { return Int32(CURL_SEEKFUNC_FAIL) }
    sent = offset
    return Int32(CURL_SEEKFUNC_OK)
  }

  // MARK: The end

  /// Of the answer whose headers came last.
  private var status: Int {
    var status = 0
    sloscout_curl_number_info(curl, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  func result(_ code: CURLcode) -> Result<HTTPClient.Response, HTTPError> {
    if isTooLarge { return .failure(HTTPError(.tooLarge, "http: the answer has more than \(maxBodyBytes) bytes")) }
    guard code == CURLE_OK else { return .failure(HTTPError(code, String(cString: words))) }
    // The library is content with an answer that ends among its headers.
    guard hasAllHeaders else { return .failure(HTTPError(.broken, "http: the answer ended before its headers did")) }
    return .success(HTTPClient.Response(status: status, headers: headers, body: received))
  }
}
