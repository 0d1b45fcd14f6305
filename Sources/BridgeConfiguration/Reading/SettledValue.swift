/// A value that passed the checks of its key.
enum SettledValue: Sendable {
  case text(String)
  /// Integers, milliseconds, bytes.
  case number(Int64)
  case flag(Bool)
  case list([String])
  case properties([KafkaProperty])
  case rules([RuleText])
  case mapping([MappingText])
  case start(StartPosition, written: String)
}

struct Setting: Sendable {
  var value: SettledValue
  var place: SettingPlace
}
