import Testing

@testable import BridgeConfiguration

/// Whatever the file holds: an answer, never a trap.
@Suite struct DamagedFileTests {
  @Test(arguments: [
    "", "\n", " ", "#", "---\n", "...", "~", "{}", "[]", "\u{feff}", ": :", "? a\n", "- - -\n", "%YAML 9.9\n",
  ])
  func tinyFiles(_ text: String) {
    let problems = Reading(text).problems()
    #expect(problems.allSatisfy { $0.hasPrefix("lippi.yaml:") }, "\(problems)")
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func damagedExamples(_ seed: UInt64) {
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let good = Array(ExampleFile.text.replacing("  #", with: "  ").utf8)
    let fragments = [
      "{", "}", "[", "]", ":", "&a ", "*a", "!t ", "\"", "'", "\n", "  ", "-", "|", ">", "%", "\t", "é",
    ]
    var refusedCount = 0
    for _ in 0..<400 {
      var bytes = good
      for _ in 0...next(4) {
        let place = next(bytes.count)
        switch next(4) {
        case 0: bytes[place] = UInt8(next(256))
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + next(40)))
        case 2: bytes.insert(contentsOf: fragments[next(fragments.count)].utf8, at: place)
        case 3:
          bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + next(200))], at: next(bytes.count))
        default: break
        }
      }
      let sources = ConfigurationSources(
        file: ConfigurationFile(path: "lippi.yaml", bytes: bytes), environment: Reading.required,
        settings: [],
        hostName: "h", checks: .none)
      do throws(ConfigurationRefusal) { _ = try Configuration.read(sources) } catch {
        refusedCount += 1
        #expect(!error.problems.isEmpty)
        for problem in error.problems { #expect(!problem.description.contains("\n")) }
      }
    }
    #expect(refusedCount > 100)
  }
}
