/// Collects settings layer by layer, and every fault on the way.
struct ConfigurationReader {
  let hostName: String
  let filePath: String?
  private(set) var problems: [ConfigurationProblem] = []
  var settings: [String: Setting] = [:]
  /// Of `kafka.properties_file`.
  private(set) var fileProperties: [KafkaProperty] = []
  /// By the secret's name: `gateway.app_secret`.
  var secrets: [String: Secret] = [:]
  /// Keys that somebody set, but not to a value that can be used: no second complaint that they are missing.
  private(set) var broken: Set<String> = []
  /// Nobody knows what an unreadable file sets: nothing is missing then.
  private var isFileReadable = true

  init(hostName: String, filePath: String?) {
    self.hostName = hostName
    self.filePath = filePath
  }

  mutating func report(
    _ place: SettingPlace, _ sentence: String, _ kind: ConfigurationProblem.Kind = .fault
  ) {
    problems.append(ConfigurationProblem(place: place, sentence: sentence, kind: kind))
  }

  // MARK: Layers

  mutating func readLayers(of sources: ConfigurationSources) {
    if let file = sources.file { read(file) }
    read(environment: sources.environment)
    read(options: sources.settings)
  }

  mutating func read(_ file: ConfigurationFile) {
    do {
      guard let root = try YamlText.parse(file.bytes), !root.isNull else { return }
      var walk = SectionWalk(layer: .file, origin: .file(path: file.path))
      walk.read(root, section: "", into: &self)
    } catch {
      isFileReadable = false
      report(
        .file(path: file.path, position: error.position), "the file is not understood: \(error.sentence)")
    }
  }

  mutating func read(environment: [String: String]) {
    for name in environment.keys.sorted() where name.hasPrefix(ConfigurationKey.variablePrefix) {
      if name == ConfigurationFile.pathVariable || KeyNames.secretVariables[name] != nil { continue }
      guard let target = KeyNames.variables[name] else {
        let meant = Suggestion.nearest(to: name, among: KeyNames.allVariables)
        report(
          .variable(ShownText.cut(name)), "unknown variable\(meant.map { "; did you mean \($0)?" } ?? "")")
        continue
      }
      read(environment[name] ?? "", of: target, layer: .environment, place: .variable(name))
    }
  }

  mutating func read(options: [String]) {
    for option in options {
      guard let equals = option.firstIndex(of: "="), equals != option.startIndex else {
        report(
          .option(ShownText.cut(String(option.prefix { $0 != "=" }))), "is not written as --set NAME=VALUE")
        continue
      }
      let name = String(option[..<equals])
      guard KeyNames.keys[name] != nil || KeyNames.sections.contains(name) else {
        report(.option(ShownText.cut(name)), KeyNames.unknown(name, section: name.section))
        continue
      }
      read(String(option[option.index(after: equals)...]), of: name, layer: .options, place: .option(name))
    }
  }

  /// A text of a variable or a `--set`. Lists, objects and whole sections are JSON, everything else is the value.
  private mutating func read(_ text: String, of name: String, layer: Layer, place: SettingPlace) {
    let node: YamlNode
    if KeyNames.isComposite(name) {
      do {
        node = try JSONText.parse(text)
      } catch {
        report(place, "\(name) is no JSON: \(error.sentence)")
        broken.insert(name)
        return
      }
    } else {
      let scalar = YamlScalar(text: text, form: .outside)
      node = YamlNode(content: .scalar(scalar), position: TextPosition(line: 1, column: 1))
    }
    var walk = SectionWalk(layer: layer, origin: .outside(place))
    walk.readMember(name, node, into: &self)
  }

  /// Takes one value of one layer.
  mutating func settle(_ key: ConfigurationKey, _ node: YamlNode, layer: Layer, origin: Origin) {
    var faults: [MemberFault] = []
    let read = ValueReading.value(of: node, as: key.kind, from: layer, &faults)
    for fault in faults { report(origin.place(at: fault.position), "\(key.name) \(fault.sentence)") }
    guard let value = read else {
      broken.insert(key.name)
      return
    }
    let place = origin.place(at: node.position)
    if case .properties(let later) = value, case .properties(let earlier) = settings[key.name]?.value {
      let kept = earlier.filter { property in !later.contains { $0.name == property.name } }
      settings[key.name] = Setting(value: .properties(kept + later), place: place)
    } else {
      settings[key.name] = Setting(value: value, place: place)
    }
  }

  // MARK: Secrets, files and defaults

  mutating func readPropertiesFile() {
    let key = ConfigurationKey.propertiesFile
    guard let setting = settings[key.name], case .text(let path) = setting.value else { return }
    var faults: [MemberFault] = []
    do {
      let bytes = try WholeFile.read(path, byteLimit: PropertiesFile.byteLimit)
      fileProperties = PropertiesFile.parse(bytes, &faults)
    } catch {
      report(setting.place, "\(key.name): the file \(error)")
      broken.insert(key.name)
    }
    for fault in faults {
      report(.file(path: path, position: fault.position), "\(key.name): \(fault.sentence)")
      broken.insert(key.name)
    }
  }

  mutating func readSecrets(environment: [String: String]) {
    for key in ConfigurationKey.all {
      guard let secretName = key.secretName, let variable = key.secretVariable else { continue }
      let file = settings[key.name]
      if let text = environment[variable] {
        if let file {
          report(file.place, "\(key.name) and \(variable) are both set; one of them is allowed")
        }
        guard !text.isBlank else {
          report(.variable(variable), "\(secretName) is empty")
          broken.insert(key.name)
          continue
        }
        secrets[secretName] = Secret(text, from: .variable(variable))
      } else if let file, case .text(let path) = file.value {
        do {
          secrets[secretName] = try Secret.read(path)
        } catch {
          report(file.place, "\(key.name): the file \(error)")
          broken.insert(key.name)
        }
      }
    }
  }

  /// For the keys that are wanted.
  mutating func fillDefaults(_ isWanted: (ConfigurationKey) -> Bool = { _ in true }) {
    for key in ConfigurationKey.all
    where isWanted(key) && settings[key.name] == nil && !broken.contains(key.name) {
      switch key.standard {
      case .value(let text):
        read(text, of: key.name, layer: .file, place: .standard)
      case .hostName:
        guard !hostName.isBlank else {
          report(.standard, "\(key.name) has no default, because this host has no name; set it")
          continue
        }
        settings[key.name] = Setting(value: .text(hostName), place: .standard)
      case .none:
        continue
      case .required:
        guard key.secretName.flatMap({ secrets[$0] }) == nil, isFileReadable else { continue }
        let place = filePath.map { SettingPlace.wholeFile(path: $0) } ?? .nowhere
        let file = filePath == nil ? "in a file (--config FILE)" : "here"
        let variable = key.secretVariable ?? key.variable
        report(
          place, "\(key.name) is required; set it \(file), or \(variable), or --set \(key.name)=…", .missing)
      }
    }
  }
}

/// Whether values carry positions of their own.
enum Origin {
  case file(path: String)
  case outside(SettingPlace)

  func place(at position: TextPosition) -> SettingPlace {
    switch self {
    case .file(let path): .file(path: path, position: position)
    case .outside(let place): place
    }
  }
}
