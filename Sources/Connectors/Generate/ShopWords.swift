/// The words that variables pick from. All of them are safe inside of a JSON string as they stand.
enum ShopWords {
  @inline(__always)
  static func pick(_ words: [StaticString], _ bits: UInt64) -> StaticString {
    words[Int(bits % UInt64(words.count))]
  }

  static let products: [StaticString] = [
    "Käsespätzle-Pfanne", "Öllampe Größe M", "Crème brûlée Set", "抹茶茶碗", "日本製 包丁", "韓國海苔", "Løvetann te", "Żurek w słoiku",
    "Ботинки зимние",
    "Espresso cups ☕", "Walnut desk", "Linen shirt", "Cast iron pan", "Bike light 400 lm", "Wool socks", "Trail shoes", "Desk lamp E27",
    "Notebook A5 dotted", "USB-C cable 2 m", "Garden hose 25 m", "Rain jacket", "Tent for 2", "Chess set", "Olive oil 0.5 l",
  ]
  static let categories: [StaticString] = ["kitchen", "garden", "küche", "outdoor", "books", "toys", "light", "文房具"]
  static let cities: [StaticString] = ["Köln", "Zürich", "Malmö", "Łódź", "Lisboa", "Gent", "東京", "Bern", "Leeds", "Toulouse"]
  static let carriers: [StaticString] = ["parcelo", "swiftship", "nordfracht", "velopost"]
  static let queries: [StaticString] = [
    "wool socks", "größe 42 schuhe", "抹茶", "lamp e27", "geschenk für oma", "usb c cable", "tent 2 person", "crème", "chess", "olivenöl",
  ]
  static let people: [StaticString] = [
    "Jürgen Müller", "Łukasz Wójcik", "山田太郎", "Anna Keller", "Chloé Durand", "Åsa Lindqvist", "Maria Rossi", "Tom Baker", "Иван Петров",
    "Zoë Jansen",
  ]
  static let firstNames: [StaticString] = ["anna", "ben", "chloe", "dario", "eva", "finn", "greta", "hugo", "ida", "jonas", "kira", "leo"]
  static let lastNames: [StaticString] = ["keller", "rossi", "durand", "jansen", "baker", "novak", "lind", "meier", "silva", "wojcik"]
  static let domains: [StaticString] = ["example.com", "mail.example.org", "example.net", "shop-kunden.example.com"]
  static let declines: [StaticString] = ["insufficient_funds", "do_not_honor", "expired_card", "suspected_fraud"]
  static let agents: [StaticString] = [
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1)", "curl/8.5.0", "shop-app/4.12 (Android 16)",
  ]
}
