import BridgeCore

/// One scalar of the configured mapping with the names that lead to it: `sid` `header` → `x-conversation`.
package struct MappingSetting: Sendable {
  package var path: [String]
  /// Nil for null.
  package var text: String?
  package init(path: [String], text: String?) {
    self.path = path
    self.text = text
  }
}

/// Why a mapping cannot be used.
package struct MappingProblem: Equatable, Sendable {
  /// What is to be mended: leads to a setting, or to the object that holds it.
  package var path: [String]
  /// For a person; begins behind the name of the place.
  package var sentence: String
}

/// All that is wrong with a mapping.
package struct MappingRefusal: Error, Equatable, Sendable {
  package var problems: [MappingProblem]
}

extension EventMapping {
  /// Members of the message and of its caller, by their own names.
  package static let memberNames = mappable.map { "\($0.name)" }
  package static let sourceNames = ["pointer", "header", "key", "attribute", "constant"]
  package static let settingNames = sourceNames + ["default", "values", "convert"]
  package static let conversionNames = MappedConversion.allCases.map(\.rawValue)
  /// In `values`: any text that has no entry of its own.
  package static let anyOtherValue = "*"

  private static let mappable = EventMember.allCases.filter {
    ![.caller, .messageObject, .callerObject].contains($0)
  }

  /// Reads the settings of `input.mapping`, whose entries may stand in any order.
  package init(_ settings: [MappingSetting]) throws(MappingRefusal) {
    var drafts: [String: MappingDraft] = [:]
    var problems: [MappingProblem] = []
    for setting in settings {
      guard let name = setting.path.first else { continue }
      drafts[name, default: MappingDraft(name: name)].take(setting, &problems)
    }
    for name in drafts.keys.sorted() where !Self.memberNames.contains(name) {
      problems.append(
        MappingProblem(
          path: [name],
          sentence: "is no member of a message; there are \(Self.memberNames.joined(separator: ", "))"))
    }
    for member in Self.mappable {
      guard let draft = drafts["\(member.name)"] else { continue }
      if let entry = draft.entry(for: member, &problems) { entries.append(entry) }
    }
    guard problems.isEmpty else { throw MappingRefusal(problems: problems) }
  }
}

/// The settings of one member, collected.
private struct MappingDraft {
  let name: String
  private var sources: [(name: String, source: MappedSource)] = []
  private var standard: String?
  private var values: [(from: String, to: String)] = []
  private var conversion: MappedConversion?
  private var isDamaged = false

  init(name: String) { self.name = name }

  mutating func take(_ setting: MappingSetting, _ problems: inout [MappingProblem]) {
    func refuse(_ sentence: String) {
      problems.append(MappingProblem(path: setting.path, sentence: sentence))
    }
    let countBefore = problems.count
    switch (setting.path.count, setting.path.dropFirst().first) {
    case (1, _):
      // The short form: a pointer alone.
      takePointer(setting.text ?? "", refuse)
    case (2, let kind?): take(kind, setting.text, refuse)
    case (3, "values"?):
      if let text = setting.text {
        values.append((setting.path[2], text))
      } else {
        refuse("is null; what a value stands for is a text or a number")
      }
    default: refuse("is not expected here")
    }
    if problems.count > countBefore { isDamaged = true }
  }

  private mutating func take(_ kind: String, _ text: String?, _ refuse: (String) -> Void) {
    switch kind {
    case "constant":
      sources.append((kind, text.map { .constant(MappedText($0)) } ?? .nothing))
    case "pointer": takePointer(text ?? "", refuse)
    case "header", "attribute":
      guard let text, !text.isEmpty else { return refuse("needs a name") }
      sources.append((kind, kind == "header" ? .header(MappedText(text)) : .attribute(MappedText(text))))
    case "key":
      guard text == "true" else { return refuse("can only be true: the value is the record's key") }
      sources.append((kind, .key))
    case "default":
      guard let text else { return refuse("is null; leave it out if there is none") }
      standard = text
    case "convert":
      guard let conversion = text.flatMap(MappedConversion.init(rawValue:)) else {
        return refuse(
          "is \(text ?? "null"); it is one of \(EventMapping.conversionNames.joined(separator: ", "))")
      }
      self.conversion = conversion
    case "values": refuse("is not an object of values and what they stand for")
    default: refuse("is unknown; there are \(EventMapping.settingNames.joined(separator: ", "))")
    }
  }

  private mutating func takePointer(_ text: String, _ refuse: (String) -> Void) {
    guard !text.isEmpty, let pointer = MappedPointer(text) else {
      return refuse(
        "is \(text.isEmpty ? "empty" : text), no JSON Pointer: /conversation/id, /parts/0 (~1 is /, ~0 is ~)")
    }
    sources.append(("pointer", .pointer(pointer)))
  }

  /// Nil if it cannot be used; the reasons are in `problems` then.
  func entry(for member: EventMember, _ problems: inout [MappingProblem]) -> MappedMember? {
    guard !isDamaged else { return nil }
    let countBefore = problems.count
    func refuse(_ path: [String] = [], _ sentence: String) {
      problems.append(MappingProblem(path: [name] + path, sentence: sentence))
    }
    guard let source = sources.first else {
      refuse([], "has no source; it needs one of \(EventMapping.sourceNames.joined(separator: ", "))")
      return nil
    }
    if sources.count > 1 {
      refuse([], "has \(sources.map(\.name).joined(separator: " and ")); one source is allowed")
    }
    if case .nothing = source.source, EventMember.required.contains(member) {
      refuse([source.name], "is null, but \(name) is required")
    }
    let isFixed =
      if case .constant = source.source { true } else if case .nothing = source.source { true } else { false }
    if isFixed, standard != nil || conversion != nil || !values.isEmpty {
      refuse([], "is constant: default, values and convert mean nothing beside it")
    }
    if conversion != nil, !values.isEmpty { refuse(["convert"], "means nothing beside values") }
    if let conversion, !conversion.fits(member) {
      refuse(["convert"], "is \(conversion.rawValue), which makes nothing that \(name) can be")
    }
    var checks = values.map { (["values", $0.from], $0.to) }
    if let standard { checks.append((["default"], standard)) }
    if case .constant(let text) = source.source { checks.append(([source.name], text.string)) }
    for (path, text) in checks {
      if let code = ValueCheck.problem(of: text, as: member) {
        refuse(path, "is \(text.isEmpty ? "empty" : text), which \(name) cannot be (\(code.rawValue))")
      }
    }
    guard problems.count == countBefore else { return nil }
    return MappedMember(
      member: member, source: source.source, standard: standard.map(MappedText.init),
      values: values.filter { $0.from != EventMapping.anyOtherValue }.map {
        (MappedText($0.from), MappedText($0.to))
      },
      otherValue: values.first { $0.from == EventMapping.anyOtherValue }.map { MappedText($0.to) },
      conversion: conversion)
  }
}

extension MappedConversion {
  /// Whether the member can be what the conversion makes.
  fileprivate func fits(_ member: EventMember) -> Bool {
    switch member {
    case .contentType, .senderType, .productionType, .orgID, .tokenGrantType, .isvOrgID: self == .number
    case .messageCreateAt: self == .time || self == .number
    case .messageID, .sid, .sessionSource, .buID, .content, .cmsID, .dingCorpID, .senderID, .openInstanceID,
      .eventID, .corpID, .suiteKey:
      self == .text || self == .json
    case .caller, .messageObject, .callerObject: false
    }
  }
}

/// The decoder's own rules, for values that the configuration fixes.
private enum ValueCheck {
  static func problem(of text: String, as member: EventMember) -> ProblemCode? {
    let rules = EventRules(EventSettings(topic: ""), namesOrigins: false)
    var event = ChatEvent()
    return Array(text.utf8).withUnsafeBytes { bytes in
      let record = RecordView(partition: 0, offset: 0, timestamp: nil, key: nil, value: nil)
      let reading = EventReading(rules: rules, record: record)
      return reading.readValue(of: member, .string(bytes), into: &event)
    }
  }
}
