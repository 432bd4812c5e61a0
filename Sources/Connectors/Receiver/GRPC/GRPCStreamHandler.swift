internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// What all streams of a listener share.
struct GRPCService: Sendable {
  /// Those that are taken now.
  let methods: @Sendable () -> Set<String>
  let limits: ListenerLimits
  let budget: ByteBudget
  let respond: @Sendable (GRPCCall) async -> GRPCAnswer
}

/// One stream of an HTTP/2 connection as one unary call: reads it within the limits, has it answered, and sends the answer.
///
/// What cannot be taken is answered before all of it has come, and the rest is refused.
final class GRPCStreamHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  private enum State { case reading, answering, done }

  private let service: GRPCService
  private var state = State.reading
  private var head: HPACKHeaders?
  private var message: GRPCMessage
  /// Bytes of the budget that this stream has.
  private var held = 0
  private var deadline: Scheduled<Void>?

  init(_ service: GRPCService) {
    self.service = service
    message = GRPCMessage(limit: service.limits.bodyBytes)
  }

  func channelActive(context: ChannelHandlerContext) {
    let seconds = service.limits.bodySeconds
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) {
      self.refuse(PushRejection(.tooSlow, "the message did not come within \(seconds) s"), context)
    }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state == .reading else { return }
    switch unwrapInboundIn(data) {
    case .headers(let headers):
      if head == nil {
        head = headers.headers
        if let answer = fault(headers.headers) { return send(answer, isSenderDone: headers.endStream, context) }
      }
      if headers.endStream { finish(context) }
    case .data(let data):
      if case .byteBuffer(let buffer) = data.data, let refusal = take(buffer) {
        return refuse(refusal, context, isSenderDone: data.endStream)
      }
      if data.endStream { finish(context) }
    default: break
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    // Who answers gives it back otherwise.
    if state == .reading { release() }
    state = .done
    context.fireChannelInactive()
  }

  /// The stream is reset: nobody waits for an answer.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  /// What is answered to a head that is none of a call; nil for one that is.
  private func fault(_ head: HPACKHeaders) -> GRPCAnswer? {
    guard head.first(name: ":method") == "POST" else { return .http(405) }
    let type = PushRequest.mediaType(head.first(name: "content-type"))
    guard type == "application/grpc" || type.hasPrefix("application/grpc+") else { return .http(415) }
    let methods = service.methods()
    guard let method = head.first(name: ":path"), methods.contains(method) else {
      let known = methods.sorted().joined(separator: ", ")
      return .status(GRPCStatus(.unimplemented, "there is no method \(head.first(name: ":path") ?? ""): this job takes \(known)"))
    }
    return nil
  }

  private func take(_ buffer: ByteBuffer) -> PushRejection? {
    guard service.budget.take(buffer.readableBytes) else {
      return PushRejection(.busy, "\(service.budget.limit) bytes of requests are being read, as many as may: try again later")
    }
    held += buffer.readableBytes
    do { try buffer.withUnsafeReadableBytes { try message.append($0) } } catch let error as PushRejection { return error } catch {
      return PushRejection(.badRequest, "the message cannot be read: \(error)")
    }
    return nil
  }

  private func finish(_ context: ChannelHandlerContext) {
    guard let head else { return }
    do throws(PushRejection) { try message.finish() } catch { return refuse(error, context, isSenderDone: true) }
    guard !message.isCompressed || head.contains(name: "grpc-encoding") else {
      return refuse(PushRejection(.badRequest, "the message is compressed, but no grpc-encoding says how"), context, isSenderDone: true)
    }
    state = .answering
    deadline?.cancel()
    let call = GRPCCall(
      method: head.first(name: ":path") ?? "", compression: message.isCompressed ? head.first(name: "grpc-encoding") : nil,
      message: message.bytes, header: { head.first(name: $0) })
    message = GRPCMessage(limit: 0)
    let respond = service.respond
    context.eventLoop.makeFutureWithTask { await respond(call) }.assumeIsolated().whenSuccess { answer in
      self.release()
      if self.state == .answering { self.send(answer, isSenderDone: true, context) }
    }
  }

  private func refuse(_ rejection: PushRejection, _ context: ChannelHandlerContext, isSenderDone: Bool = false) {
    guard state == .reading else { return }
    send(.status(GRPCStatus(rejection)), isSenderDone: isSenderDone, context)
  }

  private func send(_ answer: GRPCAnswer, isSenderDone: Bool, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    if state == .reading { release() }
    state = .done
    message = GRPCMessage(limit: 0)
    var head = HPACKHeaders([(":status", "200"), ("content-type", "application/grpc"), ("grpc-accept-encoding", "identity,gzip,zstd")])
    switch answer {
    case .message(let message):
      write(.headers(.init(headers: head)), context)
      write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: GRPCMessage.framed(message))))), context)
      write(.headers(.init(headers: HPACKHeaders([("grpc-status", "0")]), endStream: true)), context)
    case .status(let status):
      // Head and trailers in one, as there is no message between them.
      for (name, value) in status.trailers { head.add(name: name, value: value) }
      write(.headers(.init(headers: head, endStream: true)), context)
    case .http(let status): write(.headers(.init(headers: HPACKHeaders([(":status", "\(status)")]), endStream: true)), context)
    }
    // The answer is complete; the sender is told that the rest of its message is of no use.
    if !isSenderDone { write(.rstStream(.noError), context) }
    context.flush()
  }

  private func write(_ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(payload), promise: nil)
  }

  private func release() {
    service.budget.give(held)
    held = 0
  }
}
