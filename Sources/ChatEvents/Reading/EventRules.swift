/// What reading an event needs to know and never changes; one object, so that nothing is copied per event.
final class EventRules: Sendable {
  let contentByteLimit: Int
  let eventNames: MemberNames
  let messageNames: MemberNames
  let callerNames: MemberNames
  let configuredCaller: ConfiguredCaller
  let configuredCorpID: [UInt8]?
  let configuredSuiteKey: [UInt8]?
  let mapping: EventMapping
  /// Events say where each member came from.
  let namesOrigins: Bool

  init(_ settings: EventSettings, namesOrigins: Bool) {
    contentByteLimit = settings.contentByteLimit
    configuredCaller = settings.caller
    configuredCorpID = settings.caller.corpID.map { Array($0.utf8) }
    configuredSuiteKey = settings.caller.suiteKey.map { Array($0.utf8) }
    mapping = settings.mapping
    // A member that is mapped has no other source.
    let mapped = Set(settings.mapping.entries.map(\.member))
    eventNames = MemberNames(.event, without: mapped)
    messageNames = MemberNames(.message, without: mapped)
    callerNames = MemberNames(.caller, without: mapped)
    self.namesOrigins = namesOrigins
  }
}
