internal import BridgeConfiguration
internal import ChatEvents
internal import LippiAPI

extension ConfigurationChecks {
  /// Whoever reads a configuration checks all of it.
  static let all = ConfigurationChecks(
    rules: { RuleTable.faults(in: $0) }, mapping: { EventMapping.faults(in: $0) })
}

/// Between the mapping as it is written and the one that the decoder works with.
extension EventMapping {
  /// Everything that is wrong with the mapping of a configuration.
  static func faults(in settings: [ConfiguredMappingSetting]) -> [ConfiguredMappingFault] {
    do throws(MappingRefusal) {
      _ = try EventMapping(settings.map(\.asWritten))
      return []
    } catch {
      return error.problems.map {
        ConfiguredMappingFault(path: $0.path, sentence: $0.sentence + suggestion(for: $0.path))
      }
    }
  }

  /// - Precondition: the mapping has no faults.
  init(configured settings: [ConfiguredMappingSetting]) {
    do throws(MappingRefusal) {
      self = try EventMapping(settings.map(\.asWritten))
    } catch {
      preconditionFailure("a mapping with a fault is a problem, not a configuration")
    }
  }

  private static func suggestion(for path: [String]) -> String {
    let names = path.count == 1 ? memberNames : settingNames
    guard path.count <= 2, let word = path.last, !names.contains(word),
      let meant = Suggestion.nearest(to: word, among: names)
    else { return "" }
    return "; did you mean \(meant)?"
  }
}

extension ConfiguredMappingSetting {
  fileprivate var asWritten: MappingSetting { MappingSetting(path: path, text: text) }
}

extension EventSettings {
  /// How the worker of this configuration reads events.
  init(_ section: EventSection, topic: String) {
    self.init(topic: topic)
    valueByteLimit = section.valueByteLimit
    contentByteLimit = section.contentByteLimit
    mapping = EventMapping(configured: section.mapping)
    caller.corpID = section.caller.corpID
    caller.orgID = section.caller.orgID
    caller.tokenGrantType = section.caller.tokenGrantType
    caller.isvOrgID = section.caller.isvOrgID
    caller.suiteKey = section.caller.suiteKey
  }
}
