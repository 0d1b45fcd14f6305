import Foundation
import Testing

@testable import BridgeConfiguration

/// `config/lippi-bridge.yaml` and `docs/configuration.md` are made from the table: `./dev docs`.
@Suite struct ExampleFileTests {
  private func committed(_ path: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  @Test func theFileIsTheTablesText() throws {
    #expect(try committed("config/lippi-bridge.yaml") == ExampleFile.text)
  }

  @Test func theReferencePageIsTheTablesText() throws {
    #expect(try committed("docs/configuration.md") == ReferencePage.text)
  }

  @Test func readAsItIsItGivesTheDefaults() throws {
    let fromExample = try Reading(ExampleFile.text).configuration().settings
    let withoutFile = try Reading().configuration().settings
    #expect(fromExample.map(\.name) == withoutFile.map(\.name))
    #expect(fromExample.map(\.value) == withoutFile.map(\.value))
  }

  @Test func itsCommentedKeysAreRightOnceTheyAreUncommented() throws {
    try withFile("name=a secret\n") { path in
      let text = ExampleFile.text.split(separator: "\n").map { line in
        let trimmed = line.drop { $0 == " " }
        guard trimmed.first == "#", trimmed.dropFirst().first?.isLetter == true else { return String(line) }
        let isSecretFile = trimmed.contains("_file:")
        let uncommented = String(line.replacing("#", with: "", maxReplacements: 1))
        return isSecretFile ? uncommented.prefix { $0 != ":" } + ": \(path)" : uncommented
      }.joined(separator: "\n").replacing("token_grant_type: enterprise", with: "token_grant_type: isv")
      let configuration = try Reading.bare(text).configuration()
      #expect(configuration.settings.count == ConfigurationKey.all.count)
      #expect(configuration.settings.allSatisfy { $0.place != .standard })
    }
  }

  @Test func linesAreShortAndEveryKeyIsThere() {
    let lines = ExampleFile.text.split(separator: "\n")
    for line in lines { #expect(line.count <= 120, "\(line)") }
    for key in ConfigurationKey.all {
      let count = lines.count { line in
        line.drop { $0 == " " || $0 == "#" }.hasPrefix("\(key.name.lastWord): ") && !line.contains("# ")
      }
      #expect(count >= 1, "\(key.name)")
    }
  }

  @Test func namesAndVariablesAreUnambiguous() {
    let names = ConfigurationKey.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(KeyNames.allVariables.count == Set(KeyNames.allVariables).count)
    #expect(KeyNames.variables["LIPPI_BRIDGE_GATEWAY_APP_KEY"] == "gateway.app_key")
  }
}
