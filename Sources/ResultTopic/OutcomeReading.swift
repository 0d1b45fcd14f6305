package import BridgeCore
import CSimdjson
import ChatEvents

/// Tells outcomes from whatever else lies in a result topic. One per thread, reused.
package struct OutcomeReading: ~Copyable {
  /// Outcomes are flat; whatever nests deeper is none.
  private static let depthLimit: UInt32 = 32

  private var json = JSONReader(depthLimit: OutcomeReading.depthLimit)

  package init() {}

  /// Calls `visit` with the members of an outcome; nil if the value is none of this form. What it is given is valid
  /// inside the call only.
  package mutating func read<Result>(
    _ value: UnsafeRawBufferPointer, _ visit: (OutcomeMembers, OutcomeKind) -> Result
  ) -> Result? {
    json.read(value) { status, tokens in
      guard status == CSIMDJSON_OK, tokens.count > 0 else { return nil }
      let members = OutcomeMembers(tokens: tokens)
      guard members.hasText("lippi-outcome/v1", at: "schema"),
        let kind = OutcomeKind.allCases.first(where: { members.hasText($0.name, at: "outcome") })
      else { return nil }
      return visit(members, kind)
    }
  }
}
