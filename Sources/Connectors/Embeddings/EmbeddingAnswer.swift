internal import Foundation
internal import Search

/// What providers are sent, and how their answers are read. Pure.
enum EmbeddingAnswer {
  private struct OpenAIRequest: Encodable {
    var input: [String]
    var model: String
    // Snake case, and the name of the field: the provider's words.
    var encoding_format = "float"
  }
  private struct InferenceRequest: Encodable {
    var inputs: [String]
    var normalize = true
    var truncate = true
  }
  private struct OpenAIAnswer: Decodable {
    struct Item: Decodable {
      var index: Int
      var embedding: [Double?]
    }
    var data: [Item]
  }

  static func body(_ texts: [String], _ options: HTTPEmbedderOptions) throws(EmbeddingError) -> [UInt8] {
    do {
      switch options.dialect {
      case .openAI: return Array(try JSONEncoder().encode(OpenAIRequest(input: texts, model: options.model)))
      case .textEmbeddingsInference: return Array(try JSONEncoder().encode(InferenceRequest(inputs: texts)))
      }
    } catch {
      throw EmbeddingError(.refused, "the texts cannot be written as JSON")
    }
  }

  /// The vectors of an answer with status 200, in the order of the texts.
  ///
  /// - Throws: `EmbeddingError` for one that is no JSON of that kind, has too few or too many vectors, vectors of another size, or numbers that are none.
  static func vectors(_ body: [UInt8], count: Int, _ options: HTTPEmbedderOptions) throws(EmbeddingError) -> [[Float]] {
    var found = [[Double?]?](repeating: nil, count: count)
    do {
      switch options.dialect {
      case .openAI:
        let items = try JSONDecoder().decode(OpenAIAnswer.self, from: Data(body)).data
        guard items.count == count else { throw wrongCount(items.count, count) }
        for item in items {
          guard (0..<count).contains(item.index), found[item.index] == nil else {
            throw EmbeddingError(.refused, "the provider's answer names vector \(item.index) of \(count) wrongly")
          }
          found[item.index] = item.embedding
        }
      case .textEmbeddingsInference:
        let items = try JSONDecoder().decode([[Double?]].self, from: Data(body))
        guard items.count == count else { throw wrongCount(items.count, count) }
        found = items
      }
    } catch let error as EmbeddingError {
      throw error
    } catch {
      throw EmbeddingError(
        .refused, "the provider's answer is no JSON of the kind \"\(options.dialect.rawValue)\"",
        hint: "check provider and url: openai takes …/v1/embeddings, tei takes …/embed")
    }
    var vectors: [[Float]] = []
    for numbers in found {
      guard let numbers else { throw wrongCount(vectors.count, count) }
      guard numbers.count == options.dimensions else {
        throw EmbeddingError(
          .unusable, "the provider's vectors have \(numbers.count) numbers, not \(options.dimensions)",
          hint: "set dimensions: \(numbers.count), or name a model with \(options.dimensions)")
      }
      guard let vector = VectorCheck.normalized(numbers.map { Float($0 ?? .nan) }) else {
        throw EmbeddingError(.refused, "the provider gave a vector with a number that is none, or of length 0")
      }
      vectors.append(vector)
    }
    return vectors
  }

  private static func wrongCount(_ found: Int, _ wanted: Int) -> EmbeddingError {
    EmbeddingError(.refused, "the provider gave \(found) vectors for \(wanted) texts")
  }

  /// What a status that is not 200 means.
  static func failure(_ status: Int, _ body: [UInt8]) -> EmbeddingError {
    switch status {
    case 408, 425, 429, 500, 502, 503, 504, 529: EmbeddingError(.transient, "the provider answered \(status)")
    case 400, 413, 422: EmbeddingError(.refused, "the provider refused the texts (\(status))")
    case 401, 403: EmbeddingError(.unusable, "the provider refused the token (\(status))", hint: "check the connection's token")
    case 404, 405: EmbeddingError(.unusable, "the provider has no such address (\(status))", hint: "check the connection's url and model")
    default: EmbeddingError(.unusable, "the provider answered \(status)", hint: "check the connection's url and model")
    }
  }

  /// Nanoseconds that a `Retry-After` header asks for: seconds, or a date. At most an hour; nil for what is neither.
  static func retryAfter(_ header: String?, now: Int64) -> Int64? {
    guard let header else { return nil }
    if let seconds = Double(header), seconds.isFinite, seconds >= 0 { return Int64(min(seconds, 3600) * 1e9) }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "UTC")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    guard let date = format.date(from: header) else { return nil }
    return Int64(max(0, min(3600, date.timeIntervalSince1970 - Double(now) / 1e9)) * 1e9)
  }
}
