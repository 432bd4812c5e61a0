public import Foundation

/// JSON lines of telemetry with planted values in messages, attributes, broken lines and late records.
public struct PlantedTelemetry {
  /// The lines, in the order in which they are to be read.
  public private(set) var lines: [String] = []
  /// The values of six bytes and more that must not come out anywhere.
  public private(set) var values: Set<String> = []
  /// How many values were planted.
  public private(set) var plants = 0
  private var number = 0
  private var events = 0
  private static let hour: Int64 = 3_600_000
  /// 2026-01-01T00:00:00Z in milliseconds.
  private static let start: Int64 = 1_767_225_600_000

  /// Telemetry of a seed with at least so many values.
  public init(values wanted: Int, seed: UInt64) throws {
    let forms = try PlantedCorpus.planted.flatMap(PlantedCorpus.forms)
    var round: UInt64 = 0
    var late: [String] = []
    while plants < wanted {
      for form in forms {
        let text = plant(form, seed &* 1_000 &+ round)
        switch number % 10 {
        case 0: lines.append(String(line(text, time: Self.time(number)).dropLast(2)))  // no JSON any more
        case 1: lines.append(line(text, time: Self.time(number), service: nil))
        case 2: late.append(line(text, time: Self.start))
        case 3: lines.append(line("order \(number) packed", time: Self.time(number), attribute: text))
        case 4: lines.append(text.replacingOccurrences(of: "\n", with: " "))  // an ordinary line among JSON
        default: lines.append(line(text, time: Self.time(number)))
        }
        number += 1
      }
      round += 1
    }
    // What follows has moved the time on by hours when the late ones come.
    for i in 0..<4_000 { lines.append(line("tick \(i)", time: Self.time(i) + 9 * Self.hour)) }
    lines += late
    for i in 0..<100 { lines.append(line("tock \(i)", time: Self.time(i) + 10 * Self.hour)) }
  }

  /// The values that stand in the bytes after all.
  public func leaked(in bytes: Data) -> [String] { values.filter { bytes.range(of: Data($0.utf8)) != nil }.sorted() }

  private static func time(_ number: Int) -> Int64 { start + Int64(number) * 1_000 % (2 * hour) }

  private mutating func plant(_ form: String, _ seed: UInt64) -> String {
    let planted = PlantedCorpus.text(form, seed: seed)
    plants += planted.spans.count
    for span in planted.spans where span.range.count >= 6 {
      let value = planted.text(of: span)
      // A value of several lines leaves in lines.
      values.formUnion(value.split(whereSeparator: { $0 == "\n" }).map(String.init).filter { $0.utf8.count >= 6 })
    }
    return planted.text
  }

  private mutating func line(_ message: String, time: Int64, service: String? = "shop", attribute: String? = nil) -> String {
    events += 1
    var members = [#""event_id":"e-\#(events)""#, #""environment":"test""#, #""severity":"INFO""#, #""timestamp":\#(time)"#]
    if let service { members.append(#""service_name":"\#(service)""#) }
    if let attribute { members.append(#""attributes":{"note":\#(Self.quoted(attribute))}"#) }
    members.append(#""message":\#(Self.quoted(message))"#)
    return "{\(members.joined(separator: ","))}"
  }

  /// The text as a JSON string.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
