internal import Dataflow

extension Config {
  /// Where an item of a list option was written.
  func place(_ name: String, item: Int) -> ConfigValue? {
    guard case .list(let items)? = places[name]?.content, item < items.count else { return places[name] }
    return items[item]
  }
}
