internal import CLibPQ

/// The rows of one statement, as text. Meant for the few rows of control statements, not for bulk.
public struct PostgresResult: Sendable {
  /// Values in the order of the columns; nil is NULL.
  public let rows: [[String?]]
  /// How many rows the statement wrote or returned.
  public let affected: Int
  /// The command tag: `INSERT 0 3`, `COMMIT`, …
  public let tag: String

  /// The first value of the first row, nil when there is none or it is NULL.
  public var scalar: String? { rows.first?.first ?? nil }

  /// Copies everything out of libpq's result, which stays the caller's to clear.
  init(copying result: OpaquePointer) {
    let columns = PQnfields(result)
    rows = (0..<PQntuples(result)).map { row in
      (0..<columns).map { PQgetisnull(result, row, $0) != 0 ? nil : String(cString: PQgetvalue(result, row, $0)) }
    }
    affected = Int(String(cString: PQcmdTuples(result))) ?? 0
    tag = String(cString: PQcmdStatus(result))
  }
}

extension PostgresError {
  /// What the server said in a failed result.
  init(result: OpaquePointer) {
    func field(_ code: UnicodeScalar) -> String {
      PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) } ?? ""
    }
    // PG_DIAG_SQLSTATE, PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL: character constants that Swift does not import.
    let state = field("C")
    let primary = field("M")
    let whole = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
    self.init(sqlState: state, message: primary.isEmpty ? Self.firstLine(whole) : primary, detail: field("D"))
  }

  static func firstLine(_ text: String) -> String {
    String(text.split(separator: "\n", maxSplits: 1).first ?? "connection to the server was lost")
  }
}
