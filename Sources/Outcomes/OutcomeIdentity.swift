/// What is the same in all outcomes of one process.
package struct OutcomeIdentity: Sendable {
  /// The input topic.
  package var sourceTopic: String
  package var groupID: String
  package var instance: String
  /// Of the program.
  package var version: String
  /// Of the rule table.
  package var rulesVersion: String
  package var appKey: String

  package init(
    sourceTopic: String, groupID: String, instance: String, version: String, rulesVersion: String,
    appKey: String
  ) {
    self.sourceTopic = sourceTopic
    self.groupID = groupID
    self.instance = instance
    self.version = version
    self.rulesVersion = rulesVersion
    self.appKey = appKey
  }
}
