public import Dataflow

/// The templates of a set of shapes.
public struct RefinedTemplates: Sendable {
  /// Ascending by fingerprint.
  public let templates: [RefinedTemplate]
  /// Template numbers of the fingerprints.
  private let places: [KeyHash: Int]
  /// Template numbers of the shapes.
  private let numbers: [KeyHash: Int]
  /// The smallest shape of each template.
  private let firsts: [KeyHash]
  private let refinery: TemplateRefinery
  /// Template numbers of the refinery's classes.
  private let classNumbers: [Int]

  init(_ map: ShapeMap) {
    var pool = TextPool()
    var forms: [ShapeForm] = []
    var groups: [ShapeGroup] = []
    for (_, group) in map.groups.sorted(by: { $0.key < $1.key }) {
      guard let form = group.form(&pool) else { continue }
      forms.append(form)
      groups.append(group)
    }
    let refinery = TemplateRefinery(forms, pool)
    let made = refinery.classes.map { refinery.template($0.shown) }
    let templates = Set(made).sorted { $0.fingerprint < $1.fingerprint }.reduce(into: [RefinedTemplate]()) { result, next in
      // Of two that differ in types only the first stays.
      if result.last?.fingerprint != next.fingerprint { result.append(next) }
    }
    let places = Dictionary(uniqueKeysWithValues: templates.enumerated().map { ($1.fingerprint, $0) })
    let classNumbers = made.map { places[$0.fingerprint] ?? 0 }
    var numbers: [KeyHash: Int] = [:]
    for (number, one) in zip(classNumbers, refinery.classes) {
      for member in one.members { for shape in groups[member].shapes { numbers[shape.id] = number } }
    }
    var firsts = [KeyHash](repeating: KeyHash(high: .max, low: .max), count: templates.count)
    for (shape, number) in numbers { firsts[number] = min(firsts[number], shape) }
    self.templates = templates
    self.firsts = firsts
    self.places = places
    self.numbers = numbers
    self.refinery = refinery
    self.classNumbers = classNumbers
  }

  /// The template of a shape that the map keeps; nil for others.
  public subscript(shape: KeyHash) -> RefinedTemplate? { numbers[shape].map { templates[$0] } }

  /// The template of a shape whether the map keeps it or not: of one that it does not keep the template that covers it, or else that of its coarse
  /// key. `template` is what the scanner writes.
  ///
  /// - Complexity: O(1) for a shape that is kept, else linear in the templates.
  public func template(of shape: KeyHash, template: [UInt8]) -> RefinedTemplate {
    if let known = self[shape] { return known }
    return refine(template)
  }

  /// The template that a template belongs to now: itself if nothing covers it.
  public func refine(_ template: [UInt8]) -> RefinedTemplate {
    var refinery = refinery
    switch refinery.place(template) {
    case .one(let number): return templates[classNumbers[number]]
    case .none(let form): return refinery.template(form.coarse.shown)
    }
  }

  /// Where the templates went that an earlier state of the map had, or a part of it, and that are no more; ascending by old fingerprint.
  ///
  /// A map only grows and templates become coarser as it does: what has one template keeps one. A template says where its smallest shape is now.
  public func aliases(from old: RefinedTemplates) -> [(old: KeyHash, new: KeyHash)] {
    zip(old.templates, old.firsts).compactMap { template, first in
      let now = (self[first] ?? refine(template.typedText)).fingerprint
      return now == template.fingerprint || places[template.fingerprint] != nil ? nil : (template.fingerprint, now)
    }
  }
}
