@_spi(_Unicode) internal import Swift

/// The words of a text as BERT's uncased models see them: lower case, without accents; every mark of punctuation and every Chinese character is a
/// word of its own.
///
/// The rules, and their order, are those of the reference (`BertNormalizer` and `BertPreTokenizer` of Hugging Face's tokenizers): clean, set
/// Chinese characters apart, decompose (NFD) and drop marks, lower case, split at blanks and at punctuation.
enum BasicTokens {
  /// Calls the body with the UTF-8 bytes and the number of characters of each word, until it answers false. O(bytes of the text).
  static func forEach(_ text: String, _ body: (_ word: [UInt8], _ characters: Int) -> Bool) {
    var word: [UInt8] = []
    var characters = 0
    var isStopped = false
    func end() {
      if characters > 0, !isStopped { isStopped = !body(word, characters) }
      word.removeAll(keepingCapacity: true)
      characters = 0
    }
    func append(_ scalar: Unicode.Scalar) {
      word.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has an encoding
      characters += 1
    }
    func take(_ scalar: Unicode.Scalar) {
      if isBlank(scalar) { return end() }
      if isPunctuation(scalar) || isChinese(scalar) {
        end()
        append(scalar)
        return end()
      }
      append(scalar)
    }
    // Plain text needs no tables.
    if text.utf8.allSatisfy({ $0 < 0x80 }) {
      for byte in text.utf8 where !isStopped {
        if byte < 0x20 || byte == 0x7F, byte != 9, byte != 10, byte != 13 { continue }
        take(Unicode.Scalar(byte >= 65 && byte <= 90 ? byte + 32 : byte))
      }
      return end()
    }
    for scalar in cleaned(text)._nfd where !isStopped {
      let properties = scalar.properties
      if properties.generalCategory == .nonspacingMark { continue }
      for lower in properties.lowercaseMapping.unicodeScalars { take(lower) }
    }
    end()
  }

  /// Without control characters, and with a blank on both sides of a Chinese one: decomposing must not join it with what stands beside it.
  private static func cleaned(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.value == 0 || scalar.value == 0xFFFD || isControl(scalar) { continue }
      if isBlank(scalar) {
        result.append(" ")
      } else if isChinese(scalar) {
        result.append(contentsOf: [" ", scalar, " "])
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x80 ? scalar.value == 32 || (9...13).contains(scalar.value) : scalar.properties.isWhitespace
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value == 9 || scalar.value == 10 || scalar.value == 13 { return false }
    switch scalar.properties.generalCategory {
    // Characters that no standard knows yet stay, as in the reference: they are unknown words.
    case .control, .format, .privateUse, .surrogate: return true
    default: return false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 33...47, 58...64, 91...96, 123...126: return true
    case 0..<128: return false
    default:
      switch scalar.properties.generalCategory {
      case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
        .otherPunctuation:
        return true
      default: return false
      }
    }
  }

  /// The blocks that the reference sets apart; Japanese and Korean letters are not among them.
  private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0xF900...0xFAFF,
      0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
