/// One scalar of `input.mapping` with the names that lead to it, checked by whoever knows what they mean.
package struct ConfiguredMappingSetting: Hashable, Sendable {
  /// `sid`, `header`.
  package var path: [String]
  /// Nil for null.
  package var text: String?
  package var place: SettingPlace
}

/// What is wrong with the mapping.
package struct ConfiguredMappingFault: Hashable, Sendable {
  /// Of a setting, or of the object that holds some.
  package var path: [String]
  /// The end of a sentence that begins with the path.
  package var sentence: String

  package init(path: [String], sentence: String) {
    self.path = path
    self.sentence = sentence
  }
}

/// Knows what the settings of a mapping mean, and finds everything that is wrong with them.
package typealias ConfiguredMappingCheck = @Sendable ([ConfiguredMappingSetting]) -> [ConfiguredMappingFault]

extension ConfigurationReader {
  /// What `input.mapping` holds, in the order of the text.
  var mapping: [ConfiguredMappingSetting] {
    guard let setting = settings[ConfigurationKey.mapping.name], case .mapping(let texts) = setting.value
    else { return [] }
    return texts.map {
      ConfiguredMappingSetting(path: $0.path, text: $0.text, place: setting.place.moved(to: $0.position))
    }
  }

  mutating func checkMapping(_ check: ConfiguredMappingCheck) {
    let mapping = mapping
    guard !mapping.isEmpty else { return }
    for fault in check(mapping) {
      // An object stands where its first setting does.
      let place = mapping.first { $0.path.starts(with: fault.path) }?.place ?? mapping[0].place
      let path = fault.path.map(ShownText.cut).joined(separator: ".")
      report(place, "\(ConfigurationKey.mapping.name) \(path) \(fault.sentence)")
    }
  }
}

/// What decides how events are read.
package struct EventSection: Sendable {
  package var valueByteLimit: Int
  package var contentByteLimit: Int
  package var mapping: [ConfiguredMappingSetting]
  package var caller: CallerSection

  package init(
    valueByteLimit: Int, contentByteLimit: Int, mapping: [ConfiguredMappingSetting], caller: CallerSection
  ) {
    self.valueByteLimit = valueByteLimit
    self.contentByteLimit = contentByteLimit
    self.mapping = mapping
    self.caller = caller
  }
}

extension Configuration {
  /// What decides how events are read, alone: nothing else has to be set.
  /// - Throws: all that is wrong with what is written, as far as it can be told without secrets.
  package static func readEvents(_ sources: ConfigurationSources) throws(ConfigurationRefusal) -> EventSection
  {
    var reader = ConfigurationReader(hostName: sources.hostName, filePath: sources.file?.path)
    reader.readLayers(of: sources)
    reader.fillDefaults {
      [ConfigurationKey.maxValueBytes.name, ConfigurationKey.maxContentBytes.name].contains($0.name)
    }
    reader.checkMapping(sources.checks.mapping)
    guard reader.problems.isEmpty else { throw ConfigurationRefusal(problems: reader.problems) }
    return EventSection(reader.settings, mapping: reader.mapping)
  }
}
