internal import CScan
internal import Dataflow

/// Fetches into the cache what a loop over records will read soon.
///
/// The bytes that views point to were written by another subtask, mostly on another core: each first touch costs a trip to the other
/// core's cache. Asked for some records ahead, the trips overlap.
enum Prefetch {
  private static let distance = 12

  /// Asks for the first bytes of the value `distance` records after the i-th.
  @inline(__always)
  static func view(_ values: UnsafeMutablePointer<ByteView>, _ rows: UnsafeBufferPointer<UInt16>, ahead i: Int) {
    guard i + distance < rows.count else { return }
    cscan_prefetch(values[Int(rows[i + distance])].base)
  }
}
