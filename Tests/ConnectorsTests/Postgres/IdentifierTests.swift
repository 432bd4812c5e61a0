import Connectors
import Postgres
import Testing

@Suite("SQL identifiers")
struct IdentifierTests {
  @Test("names of letters, digits and underscores are quoted as they are")
  func accepted() throws {
    for name in ["a", "_", "A1", "capsule_shape", "select", String(repeating: "x", count: 63)] {
      #expect(try SQLIdentifier(name).quoted == "\"\(name)\"")
    }
    #expect(try [SQLIdentifier("a"), SQLIdentifier("B")].list == #""a", "B""#)
  }

  @Test("no hostile name gets into a statement")
  func hostile() {
    let handWritten = [
      "", " ", "1a", "a b", "a-b", "a.b", "public.t", "a\"", "\"a\"", "a\"\"b", "a'b", "a;b", "t; DROP TABLE x", "t\"; DROP TABLE x; --",
      "t--", "t/*", "a\\b",
      "a\0b", "\0", "a\n", "\ta", "é", "naïve", "ａ", "a\u{200B}", "a\u{0301}", "\u{202E}a", "🎉", "a$b", "$1", "a@b", "a#", "a%s", "a(b)",
      "(SELECT 1)", "a,b",
      "*", "a=b", "a<b", "a|b", "a&b", "a!", "?", "a:b", "a::text", "`a`", "[a]", "{a}", "~", "^a", "a+b", "U&\"a\"", "E'a'", "a\r",
      "a\u{85}", "a\u{A0}",
      String(repeating: "x", count: 64), String(repeating: "x", count: 10_000), "0", "-1", "\u{17F}", "\u{212A}", "\u{131}", "a\u{FEFF}",
    ]
    let wrapped = ["'", "\"", ";", "\0", "\\", "--", " ", "\n", "/*", ")"].flatMap { ["\($0)x", "x\($0)", "x\($0)y", "x\($0)\($0)"] }
    let all = handWritten + wrapped
    #expect(all.count >= 100)
    for name in all {
      let error = #expect(throws: PostgresError.self, "\(name.debugDescription)") { try SQLIdentifier(name) }
      #expect(error?.fault == .permanent)
      #expect(error?.message.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 } == true)
    }
  }

  @Test("SQLSTATEs fall into the class that decides about a retry")
  func states() {
    let cases: [(String, PostgresFault)] = [
      ("08006", .connection), ("57P01", .connection), ("57P03", .connection), ("53300", .connection), ("40001", .transient),
      ("40P01", .transient),
      ("55P03", .transient), ("57014", .transient), ("53100", .transient), ("25006", .transient), ("58030", .transient), ("22001", .data),
      ("22P02", .data),
      ("23505", .data), ("23514", .data), ("P0001", .data), ("54000", .data), ("28P01", .permanent), ("42501", .permanent),
      ("42P01", .permanent),
      ("3D000", .permanent), ("0A000", .permanent), ("XX000", .permanent), ("?????", .permanent),
    ]
    for (state, fault) in cases { #expect(PostgresFault.of(state) == fault, "\(state)") }
    #expect(PostgresFault.connection.isRetryable && PostgresFault.transient.isRetryable)
    #expect(!PostgresFault.data.isRetryable && !PostgresFault.permanent.isRetryable)
    #expect(PostgresError(sqlState: "", message: "gone").fault == .connection)
  }

  @Test("days become the calendar's dates, over all that a record's time can say")
  func dates() {
    #expect(PostgresTime.date(day: 0) == ("1970-01-01", "19700101"))
    #expect(PostgresTime.date(day: -1) == ("1969-12-31", "19691231"))
    #expect(PostgresTime.date(day: 11_016) == ("2000-02-29", "20000229"))
    #expect(PostgresTime.date(day: 20_089) == ("2025-01-01", "20250101"))
    // Walks the calendar day by day, from 1677 to 2262.
    var (year, month, day) = (1970, 1, 1)
    for number in 0...106_751 {
      let expected = year * 10_000 + month * 100 + day
      #expect(PostgresTime.date(day: number).plain == String(expected))
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
      day += 1
      if day > length { (day, month) = (1, month + 1) }
      if month > 12 { (month, year) = (1, year + 1) }
    }
    #expect(PostgresTime.date(day: -106_752).plain == "16770921")
    #expect(PostgresTime.micros(0) == -946_684_800_000_000 && PostgresTime.micros(-1) == -946_684_800_000_001)
    #expect(PostgresTime.micros(999) == PostgresTime.micros(0) && PostgresTime.micros(-1_000) == PostgresTime.micros(-1))
  }
}
