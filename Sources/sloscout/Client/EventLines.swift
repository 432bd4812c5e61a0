internal import Synchronization

/// Finds the events of a stream of them (`text/event-stream`) in pieces of it. Comments, and whatever an event has besides its data, are passed over.
final class EventLines: Sendable {
  /// Of the line that has no end yet.
  private let begun = Mutex<[UInt8]>([])
  private let onEvent: @Sendable (String) -> Void

  init(_ onEvent: @escaping @Sendable (String) -> Void) { self.onEvent = onEvent }

  func take(_ piece: UnsafeRawBufferPointer) {
    begun.withLock { begun in
      begun.append(contentsOf: piece)
      while let end = begun.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: begun[..<end], as: UTF8.self)
        begun.removeSubrange(...end)
        if line.hasPrefix("data: ") { onEvent(String(line.dropFirst(6))) }
      }
    }
  }
}
