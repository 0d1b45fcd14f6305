import BridgeCore
import BridgeRuntime
import ChatEvents
import LippiAPI
import Outcomes

/// The real pieces that a record passes, with settings for a simulation.
enum SimulatedPath {
  static func make() -> RecordPath {
    RecordPath(
      decoder: EventDecoder(settings: EventSettings(topic: "chat-events"), laneSeed: 1),
      requests: RequestEncoder(
        settings: GatewaySettings(appKey: "12345678", secret: Array("helloworld".utf8))),
      classifier: AnswerClassifier(rules: RuleTable()),
      outcomes: OutcomeEncoder(
        identity: OutcomeIdentity(
          sourceTopic: "chat-events", groupID: "lippi-bridge", instance: "simulated", version: "0",
          rulesVersion: RuleTable.builtInVersion, appKey: "12345678")))
  }
}
