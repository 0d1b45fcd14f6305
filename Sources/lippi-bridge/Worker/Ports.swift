// The adapters know nothing of the loop; here they become its ports.
internal import BridgeHTTP
internal import BridgeKafka
internal import BridgeRuntime

extension KafkaIntake: IntakePort {}
extension KafkaCommitter: CommittingPort {}
extension GatewayConnections: GatewayPort {}

typealias WorkerLoop = BridgeLoop<KafkaIntake, GatewayConnections, KafkaCommitter>
