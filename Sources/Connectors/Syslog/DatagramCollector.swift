internal import NIOCore

/// Hands on datagrams in the groups in which they were read from the socket: one wait for the disk does for all of a group.
final class DatagramCollector: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias InboundOut = [ByteBuffer]

  private var group: [ByteBuffer] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { group.append(unwrapInboundIn(data).data) }

  func channelReadComplete(context: ChannelHandlerContext) {
    if !group.isEmpty { context.fireChannelRead(wrapInboundOut(group)) }
    group = []
    context.fireChannelReadComplete()
  }
}
