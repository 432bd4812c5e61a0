/// A fault that somebody put into a system on purpose, to see whether anybody notices.
package struct Fault: Sendable, Equatable {
  /// Nanoseconds since 1970.
  package var time: Int64
  package var service: String
  /// What was done: `cpu_contention`, `exception`.
  package var type: String

  package init(time: Int64, service: String, type: String) {
    self.time = time
    self.service = service
    self.type = type
  }

  /// The service that a pod belongs to: the longest known one that its name begins with.
  package static func service(ofPod pod: String, among services: [String]) -> String? {
    services.filter { !$0.isEmpty && (pod == $0 || pod.hasPrefix($0 + "-")) }.max { $0.count < $1.count }
  }
}
