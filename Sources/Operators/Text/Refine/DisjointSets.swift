/// Sets of numbers from 0 that are united two by two. The first of a set is its smallest member.
struct DisjointSets {
  private var parents: [Int]
  /// Whether any two were united.
  private(set) var hasUnion = false

  init(_ count: Int) { parents = Array(0..<count) }

  private mutating func root(_ i: Int) -> Int {
    var i = i
    while parents[i] != i {
      parents[i] = parents[parents[i]]
      i = parents[i]
    }
    return i
  }

  mutating func unite(_ a: Int, _ b: Int) {
    let x = root(a)
    let y = root(b)
    guard x != y else { return }
    hasUnion = true
    parents[max(x, y)] = min(x, y)
  }

  /// The sets, each ascending, in the order of their smallest members.
  mutating func sets() -> [[Int]] {
    var result: [[Int]] = []
    var place = [Int](repeating: -1, count: parents.count)
    for i in parents.indices {
      let first = root(i)
      if place[first] < 0 {
        place[first] = result.count
        result.append([])
      }
      result[place[first]].append(i)
    }
    return result
  }
}
