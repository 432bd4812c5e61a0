internal import Dataflow
internal import Foundation
package import SLO

/// Reads when which fault was injected where: JSON with objects `{"inject_time": "2023-01-29 08:43:04", "inject_pod": …, "inject_type": …}`, or
/// `{"time": …, "service": …, "type": …}`, at any depth. Times are UTC.
package enum FaultFile {
  /// What is wrong with the file.
  package struct Failure: Error, CustomStringConvertible, Equatable {
    package let description: String
  }

  /// - Parameter services: all that are known; pods are brought to theirs.
  /// - Throws: `FaultFile.Failure`.
  package static func read(path: String, services: [String]) throws -> [Fault] {
    let bytes: [UInt8]
    do { bytes = try LocalFile.read(path) } catch { throw Failure(description: "\(error)") }
    guard let json = try? JSONSerialization.jsonObject(with: Data(bytes)) else { throw Failure(description: "\(path) is no JSON") }
    var faults: [Fault] = []
    collect(json, services, &faults)
    guard !faults.isEmpty else {
      throw Failure(description: "\(path) holds no fault; expected objects with inject_time, inject_pod and inject_type")
    }
    return faults.sorted { ($0.time, $0.service, $0.type) < ($1.time, $1.service, $1.type) }
  }

  private static func collect(_ json: Any, _ services: [String], _ faults: inout [Fault]) {
    if let list = json as? [Any] {
      for item in list { collect(item, services, &faults) }
    } else if let object = json as? [String: Any] {
      let text = { (names: [String]) in names.lazy.compactMap { object[$0] as? String }.first }
      if let time = text(["inject_time", "time"]).flatMap({ instant($0) }), let place = text(["service", "inject_pod", "pod"]) {
        let service = Fault.service(ofPod: place, among: services) ?? place
        faults.append(Fault(time: time, service: service, type: text(["inject_type", "type"]) ?? "fault"))
      } else {
        for key in object.keys.sorted() { if let value = object[key] { collect(value, services, &faults) } }
      }
    }
  }

  /// RFC 3339, or the same with a space and without a zone.
  private static func instant(_ text: String) -> Int64? {
    var bytes = Array(text.utf8)
    if bytes.count >= 19, bytes[10] == UInt8(ascii: " ") { bytes[10] = UInt8(ascii: "T") }
    if let last = bytes.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last), !bytes.dropFirst(19).contains(UInt8(ascii: "+")) {
      bytes.append(UInt8(ascii: "Z"))
    }
    return bytes.withUnsafeBufferPointer { RFC3339.parse($0) }
  }
}
