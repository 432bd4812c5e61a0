internal import CLibPQ

/// One connection to PostgreSQL: a small blocking client over libpq, every wait with a limit.
///
/// Calls block, so make them on a thread meant for that. One owner: not Sendable, no locks. After an error whose fault is `.connection` the client is
/// closed for good: make a new one. Underneath, libpq runs non-blocking and this class polls its socket against a deadline, because
/// a server that is stopped but whose kernel still answers trips none of the timeouts of TCP or of the server.
public final class PostgresClient {
  private var connection: OpaquePointer?
  private let options: PostgresOptions
  /// Above the server's own statement timeout, so that its error comes first if it can still speak.
  private var patience: Int64 { options.statementTimeout &+ 10_000_000_000 }

  /// Connects. Blocks up to `options.connectTimeout` (looking up the host's name has limits of its own, the resolver's).
  ///
  /// Throws `PostgresError`.
  public init(_ options: PostgresOptions) throws {
    self.options = options
    let parameters = options.parameters
    connection = CStrings.with(parameters.map(\.0)) { keywords in
      CStrings.with(parameters.map(\.1)) { values in PQconnectStartParams(keywords, values, 1) }
    }
    do {
      try finishConnecting(Deadline(after: options.connectTimeout))
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  /// Ends the connection; an open transaction is rolled back by the server. Safe to call twice.
  public func close() {
    if let connection { PQfinish(connection) }
    connection = nil
  }

  /// Whether the connection still stands, as far as the last call could tell.
  public var isOpen: Bool { connection.map { PQstatus($0) == CONNECTION_OK } ?? false }

  /// The server's version as libpq counts: 150018 is 15.18.
  public var serverVersion: Int { connection.map { Int(PQserverVersion($0)) } ?? 0 }

  /// The server's process for this connection.
  public var backendID: Int { connection.map { Int(PQbackendPID($0)) } ?? 0 }

  /// A setting that the server reports at connect (`server_encoding`, `is_superuser`, …); empty when it does not.
  public func serverSetting(_ name: String) -> String {
    guard let connection, let value = PQparameterStatus(connection, name) else { return "" }
    return String(cString: value)
  }

  // MARK: Statements

  /// Runs one or several statements without values and answers with the last one's result.
  ///
  /// Throws `PostgresError` of the first statement that fails; the ones after it are not run.
  @discardableResult
  public func execute(_ sql: String) throws -> PostgresResult {
    try run(Deadline(after: patience)) { PQsendQuery($0, sql) }
  }

  /// Runs one statement with bound values (`$1`, `$2` …), given as text; nil is NULL; a NUL character ends a value. Throws `PostgresError`.
  @discardableResult
  public func query(_ sql: String, _ values: [String?] = []) throws -> PostgresResult {
    try run(Deadline(after: patience)) { connection in
      CStrings.with(values) { pointers in
        PQsendQueryParams(connection, sql, Int32(values.count), nil, pointers, nil, nil, 0)
      }
    }
  }

  /// Runs `body` between BEGIN and COMMIT, or ROLLBACK when it throws. Read committed, read-write.
  ///
  /// Throws what `body` throws, or `PostgresError`; with `isCommitUnknown` when the reply to COMMIT was lost.
  public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
    try execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    let result: Result
    do {
      result = try body()
    } catch {
      // The first error is the one to report; if the connection is gone the server rolls back by itself.
      if isOpen { _ = try? execute("ROLLBACK") }
      throw error
    }
    do {
      // COMMIT of a transaction in which a statement failed succeeds, as a rollback: only the tag tells.
      guard try execute("COMMIT").tag == "COMMIT" else {
        throw PostgresError(fault: .permanent, message: "the transaction was rolled back at COMMIT")
      }
    } catch var error as PostgresError {
      if error.fault == .connection { error.isCommitUnknown = true }
      throw error
    }
    return result
  }

  // MARK: COPY

  /// Runs a `COPY … FROM STDIN` statement; `body` hands the data over piece by piece. Answers with the number of rows.
  ///
  /// Pieces need not end at rows. Memory stays bounded: each piece is on its way before the next is taken.
  public func copy(_ sql: String, _ body: (_ send: (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws -> Int {
    try run(Deadline(after: patience), until: PGRES_COPY_IN) { PQsendQuery($0, sql) }
    do {
      try body { try self.sendCopyData($0) }
    } catch {
      if isOpen { _ = try? finishCopy("the client gave up") }
      throw error
    }
    return try finishCopy(nil).affected
  }

  private func sendCopyData(_ data: UnsafeRawBufferPointer) throws {
    // Small enough that libpq's send buffer stays small, large enough that its cost per call does not show.
    let pieceSize = 256 << 10
    let deadline = Deadline(after: patience)
    var offset = 0
    while offset < data.count {
      let piece = UnsafeRawBufferPointer(rebasing: data[offset..<min(offset + pieceSize, data.count)])
      let connection = try live()
      let queued = PQputCopyData(connection, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(piece.count))
      if queued < 0 { throw lost() }
      if queued > 0 { offset += piece.count }
      try flush(deadline)
    }
  }

  private func finishCopy(_ reason: String?) throws -> PostgresResult {
    let deadline = Deadline(after: patience)
    while true {
      let ended = PQputCopyEnd(try live(), reason)
      if ended < 0 { throw lost() }
      if ended > 0 { break }
      try flush(deadline)
    }
    return try results(deadline, until: nil)
  }

  // MARK: Waiting

  private func finishConnecting(_ deadline: Deadline) throws {
    guard let connection else { throw PostgresError(fault: .transient, message: "no memory for a connection") }
    // libpq keeps no SQLSTATE of a refused login apart from its text; verbose text has it.
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
    // The default writes notices to stderr.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    var state = PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
    while state != PGRES_POLLING_OK {
      if state == PGRES_POLLING_FAILED { throw connectError(connection) }
      guard deadline.wait(for: PQsocket(connection), reading: state == PGRES_POLLING_READING, writing: state == PGRES_POLLING_WRITING)
      else {
        throw PostgresError(fault: .connection, message: "could not connect to \(address(connection)): no answer in time")
      }
      state = PQconnectPoll(connection)
    }
    PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
    guard PQsetnonblocking(connection, 1) == 0 else { throw lost() }
  }

  /// Sends a statement and waits for its results.
  @discardableResult
  private func run(_ deadline: Deadline, until status: ExecStatusType? = nil, _ send: (OpaquePointer) -> Int32) throws -> PostgresResult {
    guard send(try live()) == 1 else { throw lost() }
    try flush(deadline)
    return try results(deadline, until: status)
  }

  /// Sends what libpq has buffered; takes in what the server says meanwhile, lest both sides wait for each other.
  private func flush(_ deadline: Deadline) throws {
    while true {
      let connection = try live()
      let left = PQflush(connection)
      if left == 0 { return }
      if left < 0 { throw lost() }
      guard deadline.wait(for: PQsocket(connection), reading: true, writing: true) else { throw late() }
      if PQconsumeInput(connection) == 0 { throw lost() }
    }
  }

  /// Waits for all results of what was sent (or for one with the wanted status) and answers with the last; the first error wins.
  private func results(_ deadline: Deadline, until wanted: ExecStatusType?) throws -> PostgresResult {
    var last: PostgresResult?
    var failure: PostgresError?
    while true {
      let connection = try live()
      while PQisBusy(connection) != 0 {
        guard deadline.wait(for: PQsocket(connection), reading: true, writing: false) else { throw late() }
        if PQconsumeInput(connection) == 0 { throw failure ?? lost() }
      }
      guard let result = PQgetResult(connection) else { break }
      defer { PQclear(result) }
      let status = PQresultStatus(result)
      if status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE {
        failure = failure ?? PostgresError(result: result)
      } else {
        last = PostgresResult(copying: result)
      }
      if let wanted, status == wanted { break }
      if status == PGRES_COPY_IN || status == PGRES_COPY_OUT {  // nobody asked for it: the protocol cannot go on
        close()
        throw PostgresError(fault: .permanent, message: "a COPY was begun where a plain statement was expected")
      }
    }
    if let failure {
      if failure.fault == .connection || !isOpen { close() }
      throw failure
    }
    guard let last else { throw lost() }
    return last
  }

  // MARK: Failures

  private func live() throws -> OpaquePointer {
    guard let connection else { throw PostgresError(fault: .connection, message: "the connection is closed") }
    return connection
  }

  /// The connection broke: closes it and answers with the reason.
  private func lost() -> PostgresError {
    let text = connection.map { String(cString: PQerrorMessage($0)) } ?? ""
    close()
    return PostgresError(fault: .connection, message: PostgresError.firstLine(text))
  }

  /// The server did not answer in time: what it is doing is unknown, so the connection cannot be used any more.
  private func late() -> PostgresError {
    close()
    return PostgresError(fault: .connection, message: "the server did not answer within \(patience / 1_000_000_000) s")
  }

  private func connectError(_ connection: OpaquePointer) -> PostgresError {
    let text = String(cString: PQerrorMessage(connection))
    let state = PostgresError.sqlState(inVerbose: text)
    return PostgresError(sqlState: state, message: "could not connect to \(address(connection)): \(PostgresError.reason(inVerbose: text))")
  }

  private func address(_ connection: OpaquePointer) -> String {
    func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
    return "PostgreSQL at \(text(PQhost(connection))):\(text(PQport(connection))), database \"\(text(PQdb(connection)))\""
  }
}
