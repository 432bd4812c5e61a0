internal import NIOCore
internal import NIOHTTP2

/// Ends an HTTP/2 connection for good: when the other side breaks the protocol, and when it does not answer to the farewell (GOAWAY) in time.
///
/// NIO's management of connections waits for the other side's answer without a limit; a silent one would stay for ever.
final class GRPCConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTP2Frame
  typealias InboundOut = HTTP2Frame
  typealias OutboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  private let graceSeconds: Int64
  private var deadline: Scheduled<Void>?

  init(graceSeconds: Int64) { self.graceSeconds = graceSeconds }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .goAway = unwrapOutboundIn(data).payload, deadline == nil {
      deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(graceSeconds)) { context.close(promise: nil) }
    }
    context.write(data, promise: promise)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What goes wrong in one stream ends that stream.
    if error is NIOHTTP2Errors.StreamError { return }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }
}
