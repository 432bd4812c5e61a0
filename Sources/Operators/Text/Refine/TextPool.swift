/// The texts of pieces, each once. Text 0 is the empty one and stands for holes.
struct TextPool: Sendable {
  private(set) var texts: [ArraySlice<UInt8>] = [[]]
  private var numbers: [ArraySlice<UInt8>: UInt32] = [:]

  mutating func number(of text: ArraySlice<UInt8>) -> UInt32 {
    if let known = numbers[text] { return known }
    let number = UInt32(texts.count)
    texts.append(text)
    numbers[text] = number
    return number
  }
}
