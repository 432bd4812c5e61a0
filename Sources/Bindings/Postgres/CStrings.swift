internal import Glibc

/// Swift strings as the NULL-terminated array of C strings that libpq takes, alive for one call.
enum CStrings {
  static func with<Result>(_ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Result) rethrows -> Result {
    let copies = strings.map { $0.flatMap { strdup($0) } }
    defer { for copy in copies { free(copy) } }
    // The last entry ends lists that libpq does not get a count for.
    let pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
    return try pointers.withUnsafeBufferPointer { buffer in
      // A list with its end marker is never empty, so it has an address.
      try body(buffer.baseAddress!)
    }
  }
}
