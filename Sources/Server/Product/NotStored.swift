/// There is nothing of that id.
struct NotStored: Error {
  /// In the words of the API: `journey`.
  var kind: String

  var code: String { "\(kind.uppercased())_NOT_FOUND" }
}

/// A part of a longer list.
struct Page: Sendable {
  var limit: Int
  var offset: Int
}
