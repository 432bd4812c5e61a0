public import Dataflow

/// `route`: the form of span names and URL paths that all requests of one kind share: `GET /orders/123?x=1` becomes `GET /orders/{id}`.
///
/// - Input: any records with the text field. A null stays null.
/// - Output: the same records with one field more.
/// - Guarantees: the same text has the same route on every worker; a route is its own route; personal data never is in one.
/// - Complexity: O(bytes of the field).
public enum Route {
  /// The entry for the catalog.
  public static let type = OperatorType(
    Descriptor(
      type: "route",
      summary: "Adds the form that all names of one kind of request share: ids in span names and URL paths become {id}.",
      fields: [
        ConfigField("field", .string, default: "name", "The text field to read: a span's name, a path or a URL."),
        ConfigField("as", .string, default: "route", "The field that receives the route."),
      ],
      example: "field: name\nas: route")
  ) { config, schema in
    let input = try TextField.find(config.string("field") ?? "name", config, "field", in: schema)
    var output = schema
    let route = output.append(config.string("as") ?? "route", .bytes)
    return PlannedOperator(schema: output) { [output] in RouteOperator(schema: output, from: input, to: route) }
  }
}

final class RouteOperator: Operator {
  private let schema: Schema
  private let input: Field
  private let route: Field
  private let writer = RouteWriter()

  init(schema: Schema, from input: Field, to route: Field) {
    self.schema = schema
    self.input = input
    self.route = route
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    batch.extend(to: schema)
    let (texts, routes) = (batch.bytes(input), batch.bytes(route))
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      if texts[row].isNull {
        routes[row] = .null
      } else {
        routes[row] = writer.route(texts[row].buffer).withUnsafeBufferPointer { batch.copy($0) }
      }
    }
    try output.emit(batch)
  }
}
