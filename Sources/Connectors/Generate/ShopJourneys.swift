/// What visitors of the shop do. A journey is eight lines long; a step names the templates it picks from, an empty step is a line of the background.
enum ShopJourneys {
  /// How a journey ends.
  enum Outcome: Int, CaseIterable {
    case fine
    /// Refused for a reason of the visitor's: no money, no stock, a wrong password.
    case refused
    /// The shop's own mistake.
    case crashed
    /// The payment provider does not answer.
    case fault
  }

  struct Journey {
    /// Of 100 journeys so many are of this kind.
    let weight: Int
    /// By outcome; those that a kind does not know end well.
    let steps: [Outcome: [[String]]]
  }

  static let length = 8
  /// Journeys that run side by side.
  static let lanes = 8

  static let all: [Journey] = [browse, search, addToCart, checkout, login, track]

  static let browse = Journey(
    weight: 30,
    steps: [
      .fine: [["home"], ["listed"], [], ["view"], ["cache-hit", "loaded", "sql"], ["rendered"], [], ["view", "slow-page"]]
    ])

  static let search = Journey(
    weight: 20,
    steps: [
      .fine: [["home", "get-search"], ["searched"], ["ranked"], [], ["view"], ["loaded", "cache-hit"], ["rendered"], []],
      .refused: [["get-search"], ["no-match"], [], ["get-search"], ["no-match"], [], ["home"], []],
    ])

  static let addToCart = Journey(
    weight: 18,
    steps: [
      .fine: [["view"], ["loaded"], ["post-cart"], ["cart-created"], ["reserved", "sql"], ["cart-added"], ["cart-priced"], []],
      .refused: [["view"], ["loaded"], ["post-cart"], ["out-of-stock"], [], ["view"], ["cache-hit"], []],
    ])

  static let checkout = Journey(
    weight: 16,
    steps: [
      .fine: [
        ["checkout-started"], ["totals"], ["quote", "carrier-slow"], ["authorized"], ["captured"], ["placed"], ["cart-emptied", "parcel"],
        ["post-checkout"],
      ],
      .refused: [
        ["checkout-started"], ["totals"], ["quote"], ["declined"], ["checkout-declined"], [], ["cart-priced"], ["post-checkout"],
      ],
      .crashed: [
        ["checkout-started"], ["totals"], ["quote"], ["authorized"], ["checkout-crash"], [], [], ["post-checkout-failed"],
      ],
      .fault: [
        ["checkout-started"], ["totals"], ["quote"], ["provider-timeout", "provider-timeout", "pool-exhausted"], ["payment-retry"],
        ["provider-timeout", "breaker"], ["checkout-timeout"], ["post-checkout-failed"],
      ],
    ])

  static let login = Journey(
    weight: 10,
    steps: [
      .fine: [["login-page"], ["logged-in"], ["token"], ["profile"], ["home"], [], [], []],
      .refused: [["login-page"], ["login-failed"], ["login-page"], ["login-failed"], [], ["login-page"], ["logged-in"], ["token"]],
    ])

  static let track = Journey(
    weight: 6, steps: [.fine: [["get-order"], ["tracked"], ["profile"], [], ["tracked", "carrier-slow"], [], ["get-order"], []]])
}
