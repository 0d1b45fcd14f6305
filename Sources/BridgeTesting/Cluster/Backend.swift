import BridgeCore

/// The gateway and what is behind it: decides what becomes of a request and keeps the truth about it.
final class Backend {
  struct Call {
    var partition: Int
    var offset: RecordOffset
    /// As the answer's rule, or the counted bytes, tell it.
    var effect: Effect
    /// The agent has the message.
    var isExecuted: Bool
    var worker: Int
    var at: Int64
  }

  struct Reply {
    var ending: AttemptEnding
    var body: [UInt8]
    /// Until the answer is there, in microseconds.
    var delay: Int64
  }

  private let world: World
  private let broker: Broker
  private let group: Group
  private(set) var calls: [Call] = []

  init(world: World, broker: Broker, group: Group) {
    self.world = world
    self.broker = broker
    self.group = group
  }

  func receive(_ partition: Int, _ offset: RecordOffset, from worker: SimulatedWorker) -> Reply {
    checkCeiling(partition, offset, worker)
    var (reply, effect, isExecuted) = decide()
    reply.delay = 200 + world.upTo(40_000)
    if world.happens(world.plan.gateway.slow) { reply.delay += world.upTo(10_000_000) }
    if reply.delay > SimulatedWorker.requestTimeout, case .answered = reply.ending {
      // The answer comes too late to be read.
      reply = Reply(ending: .unanswered(.deadline), body: [], delay: SimulatedWorker.requestTimeout)
      effect = .unknown
    }
    calls.append(
      Call(
        partition: partition, offset: offset, effect: effect, isExecuted: isExecuted, worker: worker.number,
        at: world.now))
    world.note(
      "w\(worker.number) sends \(partition)/\(offset): \(effect.name)\(isExecuted ? ", executed" : "")")
    return reply
  }

  private func checkCeiling(_ partition: Int, _ offset: RecordOffset, _ worker: SimulatedWorker) {
    if offset >= broker.highestCeiling[partition] {
      world.violated("V9: \(partition)/\(offset) was sent, no commit had K above")
    }
    // Whom the group does not count on any more cannot know the present K.
    guard worker.member.counts(for: partition), let log = broker.committed[partition]?.log else { return }
    if offset >= log.ceiling {
      world.violated("V9: \(partition)/\(offset) was sent at or above K \(log.ceiling)")
    }
  }

  private func decide() -> (Reply, Effect, Bool) {
    let faults = world.plan.gateway
    let mayBeDone = world.upTo(1) == 0
    if world.happens(faults.refused) { return (answered(Bodies.refused), .none, false) }
    if world.happens(faults.temporaryWithoutEffect) { return (answered(Bodies.notReached), .none, false) }
    if world.happens(faults.temporaryUnknown) { return (answered(Bodies.threw), .unknown, mayBeDone) }
    if world.happens(faults.strangeAnswer) { return (answered(Bodies.strange), .unknown, mayBeDone) }
    if world.happens(faults.lostAnswer) { return (broken(.unanswered(.reset)), .unknown, mayBeDone) }
    if world.happens(faults.tornAnswer) { return (broken(.unanswered(.closed)), .unknown, true) }
    if world.happens(faults.tornRequest) { return (broken(.notSent(.reset)), .none, false) }
    if world.happens(faults.banned) { return (answered(Bodies.banned), .none, false) }
    if world.happens(faults.configurationFault) { return (answered(Bodies.misconfigured), .none, false) }
    return (answered(Bodies.delivered), .done, true)
  }

  private func answered(_ body: [UInt8]) -> Reply {
    Reply(ending: .answered(status: 200, retryAfterSeconds: nil, date: nil), body: body, delay: 0)
  }

  private func broken(_ ending: AttemptEnding) -> Reply { Reply(ending: ending, body: [], delay: 0) }

  private enum Bodies {
    static let delivered = Array(
      #"{"alibaba_lyservice_lippi_message_send_response":{"result":{"success":true,"code":"200"}}}"#.utf8)
    static let refused = error(50, "isv.invalid-parameter")
    static let notReached = error(50, "isp.top-remote-connection-error")
    static let threw = error(50, "isp.remote-service-error")
    static let strange = error(50, "isp.null-pointer-exception")
    static let banned = error(
      7, "accesscontrol.limited-by-app-access-count", "This ban will last for 2 more seconds")
    static let misconfigured = error(25, nil)

    private static func error(_ code: Int, _ subCode: String?, _ subMessage: String? = nil) -> [UInt8] {
      let sub = subCode.map { #","sub_code":"\#($0)""# } ?? ""
      let text = subMessage.map { #","sub_msg":"\#($0)""# } ?? ""
      return Array(#"{"error_response":{"code":\#(code),"msg":"m"\#(sub)\#(text)}}"#.utf8)
    }
  }
}
