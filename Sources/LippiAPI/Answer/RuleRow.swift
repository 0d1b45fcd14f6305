package import BridgeCore

/// One rule as people read it; the rows stand in the order in which the rules are tried.
package struct RuleRow: Equatable, Sendable {
  package var source: Rule.Source
  /// Which answers it is for, e.g. `sub_code isp.*`.
  package var match: String
  package var ruling: VerdictClass
  package var effect: Effect
  /// Who refused, for class `refused` alone.
  package var refuser: Refuser?
  package var comment: String
  /// Where the rules of the configuration stand that take all of its answers; empty for one that still decides.
  package var overriddenBy: [String]
}

extension RuleTable {
  package var rows: [RuleRow] {
    rules.enumerated().map { index, rule in
      RuleRow(
        source: rule.source, match: rule.match.text, ruling: rule.ruling, effect: rule.effect,
        refuser: rule.ruling == .refused ? rule.refuser : nil, comment: rule.comment,
        overriddenBy: overrides(of: index))
    }
  }

  private func overrides(of index: Int) -> [String] {
    guard index >= configuredCount, configuredCount > 0 else { return [] }
    return (shadows(of: index, among: 0..<configuredCount) ?? []).compactMap {
      if case .configuration(let place) = rules[$0].source { place } else { nil }
    }
  }
}

extension Rule.Match {
  /// In the words of the configuration.
  var text: String {
    switch self {
    case .subCode(let name): "sub_code \(name)"
    case .subCodePrefix(let prefix): "sub_code \(prefix)*"
    case .code(let codes, let prefix):
      prefix.isEmpty ? "code \(Self.text(codes))" : "code \(Self.text(codes)), sub_code \(prefix)*"
    case .bareSubCode(let codes) where codes == 0...Int64.max: "any code, bare sub_code"
    case .bareSubCode(let codes): "code \(Self.text(codes)), bare sub_code"
    case .codeAlone(let codes): "code \(Self.text(codes)), no sub_code"
    case .success: "success true"
    case .resultCode(let code): "success false, result_code \(code)"
    case .noSuccess: "success false"
    case .httpStatus(let statuses) where statuses == Int.min...Int.max: "no envelope, any other http_status"
    case .httpStatus(let statuses): "no envelope, http_status \(Self.text(statuses))"
    case .anything: "anything else"
    }
  }

  private static func text(_ range: ClosedRange<some BinaryInteger>) -> String {
    range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
  }
}
