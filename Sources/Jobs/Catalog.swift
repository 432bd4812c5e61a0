extension ComponentCatalog {
  /// The components that this build has.
  public static let standard = ComponentCatalog()
}
