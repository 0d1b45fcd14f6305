/// What reading an event needs to know and never changes; one object, so that nothing is copied per event.
final class EventRules: Sendable {
  let contentByteLimit: Int
  let eventNames = MemberNames(.event)
  let messageNames = MemberNames(.message)
  let callerNames = MemberNames(.caller)
  let configuredCaller: ConfiguredCaller
  let configuredCorpID: [UInt8]?
  let configuredSuiteKey: [UInt8]?

  init(_ settings: EventSettings) {
    contentByteLimit = settings.contentByteLimit
    configuredCaller = settings.caller
    configuredCorpID = settings.caller.corpID.map { Array($0.utf8) }
    configuredSuiteKey = settings.caller.suiteKey.map { Array($0.utf8) }
  }
}
