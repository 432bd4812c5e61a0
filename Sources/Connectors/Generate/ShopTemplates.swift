/// What the shop's services say. `{name}` stands for a `ShopVariable`.
///
/// The texts are JSON already where it matters: quotes and line ends inside of a message are written escaped.
enum ShopTemplates {
  struct Entry {
    let name: String
    let service: ShopService
    let severity: ShopSeverity
    let text: String

    init(_ service: ShopService, _ severity: ShopSeverity, _ name: String, _ text: String) {
      self.service = service
      self.severity = severity
      self.name = name
      self.text = text
    }
  }

  /// Lines of journeys: a step of a script names them.
  static let journeys: [Entry] = [
    Entry(.frontend, .info, "home", #"GET / 200 {ms}ms ip={ip} ua=\"{agent}\""#),
    Entry(.frontend, .info, "view", "GET /products/{sku} 200 {ms}ms session={session}"),
    Entry(.frontend, .info, "post-cart", "POST /cart 303 {ms}ms session={session}"),
    Entry(.frontend, .info, "post-checkout", "POST /checkout 200 {ms}ms session={session} trace sampled"),
    Entry(.frontend, .error, "post-checkout-failed", "POST /checkout 502 {ms}ms session={session} upstream=checkout"),
    Entry(.frontend, .info, "get-search", "GET /search 200 {ms}ms session={session}"),
    Entry(.frontend, .info, "get-order", "GET /orders/{order} 200 {ms}ms session={session}"),
    Entry(.frontend, .warn, "slow-page", "Slow page /products/{sku}: {ms} ms, budget 250 ms"),
    Entry(.frontend, .info, "login-page", "POST /login 302 {ms}ms ip={ip}"),
    Entry(.frontend, .info, "rendered", "Rendered template product.html for {sku} in {ms} ms ({digit} recommendations)"),
    Entry(.catalog, .debug, "cache-hit", "cache hit product:{sku} ttl={n}s"),
    Entry(.catalog, .info, "loaded", #"Loaded product {sku} \"{product}\" from replica {ip}"#),
    Entry(.catalog, .info, "listed", "Listed {n} products of category {category} in {ms} ms"),
    Entry(.catalog, .info, "reserved", "Reserved {quantity} x {sku} for order {order}, {percent} left"),
    Entry(.catalog, .warn, "out-of-stock", "Product {sku} is out of stock, {quantity} wanted by session {session}"),
    Entry(.catalog, .debug, "sql", #"SELECT * FROM products WHERE sku = '{sku}' took {float} ms"#),
    Entry(.cart, .info, "cart-created", "Created cart {uuid} for session {session}"),
    Entry(.cart, .info, "cart-added", "Added {quantity} x {sku} ({product}) to cart of user {user}"),
    Entry(.cart, .debug, "cart-priced", "Cart of user {user} priced: {digit} items, subtotal {amount} EUR"),
    Entry(.cart, .info, "cart-emptied", "Emptied cart of user {user} after order {order}"),
    Entry(.checkout, .info, "checkout-started", "Checkout of order {order} started for user {user}, {digit} items"),
    Entry(.checkout, .info, "totals", "Order {order}: subtotal {amount} EUR, tax 19%, shipping {float} EUR"),
    Entry(.checkout, .info, "placed", "Order {order} placed, amount {amount} EUR, payment {reference}"),
    Entry(.checkout, .warn, "payment-retry", "Payment for order {order} failed (attempt {digit} of 3), retrying in {ms}ms"),
    Entry(
      .checkout, .error, "checkout-timeout",
      "Order {order} failed: payment service did not answer within {ms} ms (DeadlineExceeded, trace={hex})"),
    Entry(.checkout, .warn, "checkout-declined", "Order {order} not placed: payment declined with code {decline}"),
    Entry(
      .checkout, .error, "checkout-crash",
      #"Unhandled exception in PlaceOrder for order {order}\njava.lang.IllegalStateException: cart {uuid} is closed\n\tat shop.checkout.PlaceOrder.run(PlaceOrder.java:{line})\n\tat shop.rpc.Dispatcher.call(Dispatcher.java:{line})"#
    ),
    Entry(
      .payments, .info, "authorized", "Authorized {amount} EUR for order {order} at provider acquirer-{digit} in {ms} ms, ref {reference}"),
    Entry(.payments, .info, "captured", "Captured payment {reference}: {amount} EUR"),
    Entry(.payments, .warn, "declined", "Provider acquirer-{digit} declined order {order}: {decline}"),
    Entry(
      .payments, .error, "provider-timeout",
      "Provider acquirer-2 timed out after 5000 ms for order {order} (connect {ip}:443, attempt {digit})"),
    Entry(
      .payments, .error, "pool-exhausted",
      #"Connection pool to acquirer-2 exhausted: active=64 idle=0 waiting={n}\n  at pay.pool.Pool.acquire(pool.ts:{line}:{digit})"#),
    Entry(.payments, .fatal, "breaker", "Circuit breaker acquirer-2 OPEN after {n} failures in 60s"),
    Entry(.shipping, .info, "quote", "Shipping quote for {city}: {float} EUR, {digit} days with {carrier}"),
    Entry(.shipping, .info, "parcel", "Parcel {tracking} for order {order} handed to {carrier}, weight {float} kg"),
    Entry(.shipping, .info, "tracked", "Parcel {tracking} is in {city}, expected in {digit} days"),
    Entry(.shipping, .warn, "carrier-slow", "Carrier {carrier} answered after {ms} ms, using cached quote for {city}"),
    Entry(.accounts, .info, "logged-in", "User {user} logged in from {ip}, session {session}"),
    Entry(.accounts, .warn, "login-failed", "Login failed for user {user} from {ip}: wrong password (attempt {digit})"),
    Entry(.accounts, .info, "token", "Issued token {hex} for user {user}, expires in {digit}0 minutes"),
    Entry(.accounts, .debug, "profile", "Loaded profile of user {user} in {float} ms"),
    Entry(.search, .info, "searched", "Query '{query}' matched {n} products in {ms} ms (shards {digit}/{digit})"),
    Entry(.search, .warn, "no-match", "Query '{query}' matched nothing, suggesting {product}"),
    Entry(.search, .debug, "ranked", "Ranked {n} candidates for '{query}' with model v{digit}, top score {float}"),
  ]

  /// What services say of their own accord, without a trace.
  static let background: [Entry] = [
    Entry(.frontend, .info, "health", "GET /healthz 200 {digit}ms ip={ip}"),
    Entry(.catalog, .info, "cache-stats", "Cache: {n} entries, hit ratio 0.{percent}, {n} evicted"),
    Entry(.catalog, .info, "import", "Imported feed /var/feeds/{category}/{hex}.csv: {n} products in {ms} ms"),
    Entry(.cart, .debug, "expired", "Expired {n} carts older than {digit}0 minutes"),
    Entry(.checkout, .debug, "gc", "GC pause (G1 Evacuation) {float}ms, heap {n}M->{n}M"),
    Entry(.payments, .info, "settlement", "Settlement batch {n} sent to https://acquirer-{digit}.example.net/v2/batches/{uuid}"),
    Entry(.shipping, .info, "labels", "Printed {n} labels for {carrier}, printer {ip} has {percent}% paper left"),
    Entry(.accounts, .info, "cleanup", "Removed {n} sessions, {n} remain"),
    Entry(.search, .info, "merged", "Merged segment {hex}: {n} documents, {float} MB in {ms} ms"),
  ]

  /// What they say of their own accord now and then.
  static let trouble: [Entry] = [
    Entry(.frontend, .warn, "rate-limit", "Rate limit for {ip}: {n} requests in 10s"),
    Entry(.cart, .warn, "redis", "Redis node {ip}:6379 answered in {ms} ms"),
    Entry(.shipping, .error, "carrier-down", "GET https://api.{carrier}.example.net/track/{tracking} failed: 503 Service Unavailable"),
    Entry(.search, .error, "shard", "Shard {digit} on {ip}:9300 is unassigned: disk usage {percent}% above watermark"),
  ]

  /// Lines that say more than they should. Every service has at least one.
  static let personal: [Entry] = [
    Entry(.frontend, .info, "signup", "POST /signup email={email} newsletter=true ip={ip}"),
    Entry(.frontend, .warn, "header", "Forwarded request with header Authorization: Bearer {token}"),
    Entry(.catalog, .info, "notify", "Will notify {email} when {sku} is back"),
    Entry(.cart, .info, "share", "Cart of user {user} shared with {email}"),
    Entry(.checkout, .info, "confirm", "Confirmation of order {order} sent to {email} and {phone}"),
    Entry(.checkout, .warn, "address", "Address of {person} in {city} not found, calling {phone}"),
    Entry(.payments, .info, "card", "Charged card {card} {amount} EUR for order {order}"),
    Entry(.payments, .info, "debit", "Direct debit {amount} EUR from {iban}, holder {person}"),
    Entry(.payments, .error, "card-refused", "Card {card} refused by acquirer-{digit}: {decline}"),
    Entry(.shipping, .info, "sms", "SMS to {phone}: parcel {tracking} arrives today"),
    Entry(.accounts, .warn, "reset", "Password reset for {email} requested from {ip}"),
    Entry(.accounts, .info, "verified", "Verified phone {phone} of user {user} ({person})"),
    Entry(.accounts, .debug, "bearer", "Validated Bearer {token} for user {user}"),
    Entry(.search, .info, "personal-query", "Query '{email}' matched {n} products in {ms} ms"),
  ]
}
