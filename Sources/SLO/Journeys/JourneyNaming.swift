/// Names for people, made of services and operations.
///
/// ```
/// ts-travel-service, /api/v1/travelservice/trips/left            travel: trips left
/// ts-preserve-other-service, /…/preserveotherservice/preserveOther  preserve other
/// checkoutservice, hipstershop.CheckoutService/PlaceOrder        checkout: place order
/// frontend, GET /cart/{id}                                       GET /cart/{id}
/// ```
package struct JourneyNaming: Sendable {
  /// Words that all services begin with: they tell none from another.
  private let commonPrefix: Int

  /// - Parameter services: all services of the system.
  package init(services: [String]) {
    let split = services.filter { !$0.isEmpty }.map { Self.words($0) }
    var common = 0
    if split.count >= 3, let first = split.first {
      while common + 1 < first.count, split.allSatisfy({ $0.count > common + 1 && $0[common] == first[common] }) { common += 1 }
    }
    commonPrefix = common
  }

  /// A service without what all services share and without `service`.
  package func service(_ name: String) -> String {
    var words = Array(Self.words(name).dropFirst(commonPrefix))
    if words.isEmpty { words = Self.words(name) }
    if let last = words.last, words.count > 1, last == "service" || last == "svc" || last == "server" { words.removeLast() }
    if let last = words.last, last.count > 7, last.hasSuffix("service") { words[words.count - 1] = String(last.dropLast(7)) }
    return words.isEmpty ? name : words.joined(separator: " ")
  }

  /// The name of a journey that is told by this operation of this service.
  package func name(service: String, operation: String) -> String {
    let short = self.service(service)
    if let space = operation.firstIndex(of: " "), operation[operation.index(after: space)...].hasPrefix("/") { return operation }
    let said = operationWords(operation, short)
    guard !said.isEmpty else { return short }
    let text = said.joined(separator: " ")
    if text == short || text == short + "s" { return short }
    return text.hasPrefix(short + " ") ? text : "\(short): \(text)"
  }

  private func operationWords(_ operation: String, _ service: String) -> [String] {
    let joined = service.filter { $0 != " " }
    // Of `package.Service/Method` the method, of a path all segments, of a class's method the whole.
    var segments = operation.split(separator: "/")
    if !operation.hasPrefix("/"), segments.count > 1, let last = segments.last { segments = [last] }
    var result: [String] = []
    for segment in segments where !OperationName.isPlaceholder(segment) {
      let words = Self.words(String(segment))
      let flat = words.joined()
      let isVersion = flat.first == "v" && flat.dropFirst().allSatisfy(\.isNumber) && flat.count > 1
      // A segment that only repeats the service: `/travelservice/`, `/inside_pay_service/`.
      let isService = segments.count > 1 && flat.hasSuffix("service") && segment != segments.last
      if flat == "api" || isVersion || isService || flat == joined && segment != segments.last { continue }
      for word in words where word != result.last { result.append(word) }
    }
    return result
  }

  /// Lower-case words, cut at punctuation and at capitals.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var wasLower = false
    for character in text {
      guard character.isLetter || character.isNumber else {
        if !word.isEmpty { words.append(word) }
        (word, wasLower) = ("", false)
        continue
      }
      if character.isUppercase, wasLower {
        words.append(word)
        word = ""
      }
      wasLower = character.isLowercase || character.isNumber
      word += character.lowercased()
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  /// Lower-case letters, digits and hyphens, at most 48.
  package static func slug(_ name: String) -> String {
    var slug = ""
    for character in name.lowercased() {
      if character.isASCII, character.isLetter || character.isNumber {
        slug.append(character)
      } else if !slug.isEmpty, slug.last != "-" {
        slug.append("-")
      }
      if slug.count == 48 { break }
    }
    while slug.last == "-" { slug.removeLast() }
    return slug.isEmpty ? "journey" : slug
  }
}
