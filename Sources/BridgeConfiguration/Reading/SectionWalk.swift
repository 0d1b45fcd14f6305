/// Goes through one text of one layer, section by section, and finds what is unknown or there twice.
struct SectionWalk {
  let layer: Layer
  let origin: Origin
  private var seen: [String: TextPosition] = [:]

  init(layer: Layer, origin: Origin) {
    self.layer = layer
    self.origin = origin
  }

  /// - Parameter section: its name with dots; empty for the root.
  mutating func read(_ node: YamlNode, section: String, into reader: inout ConfigurationReader) {
    guard case .mapping(let entries) = node.content else {
      let name = section.isEmpty ? "the configuration" : section
      let members = KeyNames.members(of: section).joined(separator: ", ")
      reader.report(
        origin.place(at: node.position), "\(name) is \(node.shape); needed is an object with \(members)")
      return
    }
    for entry in entries {
      let name = section.isEmpty ? entry.name : "\(section).\(entry.name)"
      if let first = seen[name] {
        let place = origin.place(at: entry.position)
        switch origin {
        case .file: reader.report(place, "\(name) is there twice, first in line \(first.line)")
        case .outside: reader.report(place, "\(name) is there twice")
        }
        continue
      }
      seen[name] = entry.position
      guard KeyNames.keys[name] != nil || KeyNames.sections.contains(name) else {
        reader.report(origin.place(at: entry.position), KeyNames.unknown(name, section: section))
        continue
      }
      // Nothing behind the colon: as if the line were not there.
      guard !entry.value.isNull else { continue }
      readMember(name, entry.value, into: &reader)
    }
  }

  /// - Parameter name: a key or a section that exists.
  mutating func readMember(_ name: String, _ node: YamlNode, into reader: inout ConfigurationReader) {
    if let key = KeyNames.keys[name] {
      reader.settle(key, node, layer: layer, origin: origin)
    } else {
      read(node, section: name, into: &reader)
    }
  }
}
