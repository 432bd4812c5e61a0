/// Where a listener stands.
package enum ListenerState: Sendable, Equatable {
  case starting
  case listening(port: Int)
  case failed(String)
  case stopped
}
