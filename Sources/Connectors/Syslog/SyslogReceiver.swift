package import Dataflow
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Receives syslog by UDP and TCP, and appends what came to a spool.
///
/// Nobody is told whether a message arrived, as syslog has no answers. While the spool has no room TCP connections are not read, which their senders
/// feel. UDP knows no such thing: the kernel keeps what its buffer holds and drops the rest, which is counted and logged.
package final class SyslogReceiver: Reception {
  package struct Options: Sendable {
    package var address: ListenAddress
    package var udp = true
    package var tcp = true
    /// Bytes of a message that are kept.
    package var maxMessageBytes = 64 << 10
    /// Seconds that senders' clocks are ahead of UTC, for times that do not say.
    package var offset: Int64 = 0
    /// TCP connections; further ones are closed at once.
    package var connections = 1024

    package init(address: ListenAddress) { self.address = address }
  }

  private struct State {
    var failure: String?
    var udpPort: Int?
    var tcpPort: Int?
    var task: Task<Void, Never>?
  }

  private typealias Stream = NIOAsyncChannel<ByteBuffer, Never>
  private typealias Datagrams = NIOAsyncChannel<[ByteBuffer], Never>

  private let options: Options
  private let spool: RequestSpool
  private let runtime: any Runtime
  private let state = Mutex(State())
  private let open = Atomic<Int>(0)
  private static let logger = Logger(label: "sloscout.syslog")

  package init(_ options: Options, _ spool: RequestSpool, _ runtime: any Runtime) {
    self.options = options
    self.spool = spool
    self.runtime = runtime
  }

  package func start() {
    // Owned by the receiver: `stop` ends it, and it ends by itself when the address cannot be had.
    let task = Task.detached {
      do { try await self.run() } catch is CancellationError {} catch {
        let address = self.options.address
        self.state.withLock { $0.failure = "cannot listen on \(address.host):\(address.port): \(error)" }
      }
    }
    state.withLock { $0.task = task }
  }

  package func stop() { state.withLock { $0.task }?.cancel() }

  package var failure: String? { state.withLock { $0.failure } }

  /// Where it listens: nil while it does not, or not by that transport.
  package var ports: (udp: Int?, tcp: Int?) { state.withLock { ($0.udpPort, $0.tcpPort) } }

  private func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      if options.tcp {
        let server = try await bindTCP()
        group.addTask { try await self.accept(server) }
      }
      if options.udp {
        let socket = try await bindUDP()
        group.addTask { try await self.receive(socket) }
        group.addTask { try await self.watchDrops() }
      }
      try await group.waitForAll()
    }
  }

  // MARK: TCP

  private func bindTCP() async throws -> NIOAsyncChannel<Stream, Never> {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: options.address.host, port: options.address.port) { channel in
        channel.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: channel) }
      }
    let port = server.channel.localAddress?.port
    state.withLock { $0.tcpPort = port }
    Self.logger.info("listening for syslog over TCP on \(options.address.host):\(port ?? 0)")
    return server
  }

  private func accept(_ server: NIOAsyncChannel<Stream, Never>) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      try await server.executeThenClose { connections in
        for try await connection in connections {
          guard open.add(1, ordering: .relaxed).newValue <= options.connections else {
            open.subtract(1, ordering: .relaxed)
            Self.logger.warning("\(options.connections) connections are open, as many as may: one was closed")
            connection.channel.close(promise: nil)
            continue
          }
          group.addTask {
            // A connection that breaks is its sender's affair.
            try? await self.serve(connection)
            self.open.subtract(1, ordering: .relaxed)
          }
        }
      }
    }
  }

  private func serve(_ connection: Stream) async throws {
    var framing = SyslogFraming(limit: options.maxMessageBytes)
    try await connection.executeThenClose { chunks in
      for try await chunk in chunks {
        var records = SyslogRecords(offset: options.offset)
        let now = runtime.now()
        chunk.withUnsafeReadableBytes { bytes in
          framing.read(bytes.bindMemory(to: UInt8.self)) { records.take($0, now: now, isTruncated: $1) }
        }
        try await store(&records)
      }
    }
    var records = SyslogRecords(offset: options.offset)
    let now = runtime.now()
    framing.end { records.take($0, now: now, isTruncated: $1) }
    try await store(&records)
  }

  // MARK: UDP

  private func bindUDP() async throws -> Datagrams {
    let channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .channelOption(.socketOption(.so_reuseaddr), value: 1)
      .channelOption(.socketOption(.so_rcvbuf), value: 8 << 20)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
      .channelOption(.maxMessagesPerRead, value: 512)
      .bind(host: options.address.host, port: options.address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(DatagramCollector())
          return try Datagrams(wrappingChannelSynchronously: channel)
        }
      }
    let port = channel.channel.localAddress?.port
    state.withLock { $0.udpPort = port }
    Self.logger.info("listening for syslog over UDP on \(options.address.host):\(port ?? 0)")
    return channel
  }

  private func receive(_ socket: Datagrams) async throws {
    try await socket.executeThenClose { groups in
      for try await group in groups {
        var records = SyslogRecords(offset: options.offset)
        let now = runtime.now()
        for datagram in group {
          datagram.withUnsafeReadableBytes { bytes in
            let text = bytes.bindMemory(to: UInt8.self)
            let kept = UnsafeBufferPointer(rebasing: text.prefix(options.maxMessageBytes))
            records.take(kept, now: now, isTruncated: kept.count < text.count)
          }
        }
        try await store(&records)
      }
    }
  }

  /// Says when the kernel had to drop datagrams.
  private func watchDrops() async throws {
    var known = 0
    while true {
      try await Task.sleep(nanoseconds: 10_000_000_000)
      guard let port = ports.udp, let drops = UDPDrops.count(port: port), drops > known else { continue }
      Self.logger.warning(
        "\(drops - known) syslog datagrams came faster than they could be kept, and are lost (\(drops) in all): let senders use TCP")
      known = drops
    }
  }

  // MARK: Storing

  /// Returns when the messages are on the disk, however long the spool has no room.
  private func store(_ records: inout SyslogRecords) async throws {
    guard let kept = records.end() else { return }
    while true {
      do { return try await spool.append(kept) } catch is PushRejection { try await Task.sleep(nanoseconds: 100_000_000) }
    }
  }
}
