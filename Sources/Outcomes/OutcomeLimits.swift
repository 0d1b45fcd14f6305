/// Sizes that keep an outcome within `outcomeByteLimit`. The usual ones are those that readers may rely on; an
/// outcome that would be larger even so (ids full of control characters, headers, problems, all at once) is written
/// again with the tight ones, whose sum with everything at its largest stays below the limit.
struct OutcomeLimits {
  /// Key, value and headers of one outcome together.
  static let outcomeByteLimit = 16 * 1_024
  /// Longer keys become the hexadecimal SHA-256 of their bytes.
  static let keyByteLimit = 4 * 1_024
  /// Entries of `error.problems`.
  static let problemLimit = 32
  /// Entries of `attempt_log`: the last ones.
  static let attemptLogLimit = 5
  /// Entries of `warnings`.
  static let warningLimit = 8

  var identifier: IdentifierCut
  /// Bytes of a text from the gateway; escaping can double them.
  var gatewayTextBytes: Int
  var gatewayDataBytes: Int
  /// `error.problems` as JSON; what does not fit is only counted.
  var problemBytes: Int
  /// Copied headers with their framing; one that does not fit is left out.
  var copiedHeaderBytes: Int

  static let usual = OutcomeLimits(
    identifier: .usual, gatewayTextBytes: 256, gatewayDataBytes: 64, problemBytes: 4_096,
    copiedHeaderBytes: 2_048)

  static let tight = OutcomeLimits(
    identifier: .tight, gatewayTextBytes: 64, gatewayDataBytes: 32, problemBytes: 1_024,
    copiedHeaderBytes: 512)
}
