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
    /// The gateway failed, or was not heard of: such attempts use up a record's retries.
    var isFailure: Bool
    var worker: Int
    var at: Int64
    /// When the worker read how it ended; nil if it never did.
    var readAt: Int64?
  }

  struct Reply {
    var ending: AttemptEnding
    var body: [UInt8] = []
    var effect: Effect
    var isExecuted = false
    var isFailure = false
    /// For how long nothing may be sent once it is read.
    var banSeconds: Int64?
    /// Until the answer is there, in microseconds.
    var delay: Int64 = 0
    /// Its place among the calls.
    var call = 0
  }

  /// The event that was banned waits: a second of chance, and a bit.
  private static let resumptionLimit: Int64 = 1_500_000

  private let world: World
  private let broker: Broker
  private let group: Group
  private let input: InputLog
  private(set) var calls: [Call] = []

  init(world: World, broker: Broker, group: Group, input: InputLog) {
    self.world = world
    self.broker = broker
    self.group = group
    self.input = input
  }

  func receive(_ partition: Int, _ offset: RecordOffset, from worker: SimulatedWorker) -> Reply {
    let log = input.partitions[partition]
    let record = log.records[log.index(of: offset)]
    checkCeiling(partition, offset, worker)
    checkLine(record, partition, worker)
    var reply = decide(record)
    reply.delay = 200 + world.upTo(40_000)
    if world.happens(world.plan.gateway.slow), !isTroubled { reply.delay += world.upTo(10_000_000) }
    if reply.delay > SimulatedWorker.requestTimeout, case .answered = reply.ending {
      // The answer comes too late to be read.
      reply.ending = .unanswered(.deadline)
      reply.body = []
      reply.delay = SimulatedWorker.requestTimeout
      reply.effect = .unknown
      reply.isFailure = true
      reply.banSeconds = nil
    }
    reply.call = calls.count
    calls.append(
      Call(
        partition: partition, offset: offset, effect: reply.effect, isExecuted: reply.isExecuted,
        isFailure: reply.isFailure, worker: worker.number, at: world.now))
    world.note(
      "w\(worker.number) sends \(partition)/\(offset): \(reply.effect.name)\(reply.isExecuted ? ", executed" : "")"
    )
    return reply
  }

  /// The worker reads how a call ended; `isAbandoned`: it gave up before the answer came.
  func wasRead(_ call: Int, isAbandoned: Bool) {
    calls[call].readAt = world.now
    guard isAbandoned else { return }
    calls[call].effect = .unknown
    calls[call].isFailure = true
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

  private func checkLine(_ record: InputLog.Record, _ partition: Int, _ worker: SimulatedWorker) {
    let place = "\(partition)/\(record.offset)"
    if world.now < worker.history.bannedUntil { world.violated("\(place) was sent during a ban") }
    let wait = worker.history.resumedAfterBan(at: world.now)
    // A ban without a number lasts longer each time, which only the worker knows.
    if let wait, wait > Self.resumptionLimit, world.plan.gateway.namesBan, world.plan.holdsNothingElseUp {
      world.violated("\(place) was sent \(wait / 1_000) ms after the ban")
    }
    if worker.history.isPaused { world.violated("\(place) was sent during a pause") }
    if worker.history.isBraked { world.violated("\(place) was sent although the line is braked") }
    let age = world.plan.maximumEventAge
    if age > .zero, world.moment.wall.milliseconds >= record.timestamp + age.milliseconds,
      !worker.history.distrustsClock
    {
      world.violated("\(place) was sent although it was too old")
    }
  }

  private var isTroubled: Bool { SimulationPlan.Trouble.Kind.allCases.contains { world.has($0) } }

  private func decide(_ record: InputLog.Record) -> Reply {
    let faults = world.plan.gateway
    let mayBeDone = world.upTo(1) == 0
    if world.has(.silent) { return broken(.unanswered(.reset), .unknown, mayBeDone) }
    if world.has(.misconfigured) { return answered(Bodies.misconfigured, .none) }
    if world.has(.clockOff) { return answered(Bodies.clockOff, .none) }
    if record.isOfBadCaller, !world.isCalm { return answered(Bodies.notPermitted, .none) }
    if world.has(.failing) { return answered(Bodies.notReached, .none, isFailure: true) }
    if world.happens(faults.refused) { return answered(Bodies.refused, .none) }
    if world.happens(faults.temporaryWithoutEffect) {
      return answered(Bodies.notReached, .none, isFailure: true)
    }
    if world.happens(faults.temporaryUnknown) {
      return answered(Bodies.threw, .unknown, mayBeDone, isFailure: true)
    }
    if world.happens(faults.strangeAnswer) { return answered(Bodies.strange, .unknown, mayBeDone) }
    if world.happens(faults.lostAnswer) { return broken(.unanswered(.reset), .unknown, mayBeDone) }
    if world.happens(faults.tornAnswer) { return broken(.unanswered(.closed), .unknown, true) }
    if world.happens(faults.tornRequest) { return broken(.notSent(.reset), .none, false) }
    if world.happens(faults.banned) {
      var reply = answered(faults.namesBan ? Bodies.banned : Bodies.bannedWithoutNumber, .none)
      reply.banSeconds = faults.namesBan ? 2 : 1
      return reply
    }
    return answered(Bodies.delivered, .done, true)
  }

  private func answered(
    _ body: [UInt8], _ effect: Effect, _ isExecuted: Bool = false, isFailure: Bool = false
  ) -> Reply {
    let offset: Int64 = world.has(.clockOff) ? 3_600 : 0
    let date = world.moment.wall.milliseconds / 1_000 + offset
    return Reply(
      ending: .answered(status: 200, retryAfterSeconds: nil, date: date), body: body, effect: effect,
      isExecuted: isExecuted, isFailure: isFailure)
  }

  private func broken(_ ending: AttemptEnding, _ effect: Effect, _ isExecuted: Bool) -> Reply {
    Reply(ending: ending, effect: effect, isExecuted: isExecuted, isFailure: true)
  }

  private enum Bodies {
    static let delivered = Array(
      #"{"alibaba_lyservice_lippi_message_send_response":{"result":{"success":true,"code":"200"}}}"#.utf8)
    static let refused = error(50, "isv.invalid-parameter")
    static let notReached = error(50, "isp.top-remote-connection-error")
    static let threw = error(50, "isp.remote-service-error")
    static let strange = error(50, "isp.null-pointer-exception")
    static let banned = error(
      7, "accesscontrol.limited-by-app-access-count", "This ban will last for 2 more seconds")
    static let bannedWithoutNumber = error(7, "accesscontrol.limited-by-api-access-count")
    static let misconfigured = error(25, nil)
    static let clockOff = error(31, "isv.timestamp-limit-error")
    static let notPermitted = error(11, "isv.permission-api-package-limit")

    private static func error(_ code: Int, _ subCode: String?, _ subMessage: String? = nil) -> [UInt8] {
      let sub = subCode.map { #","sub_code":"\#($0)""# } ?? ""
      let text = subMessage.map { #","sub_msg":"\#($0)""# } ?? ""
      return Array(#"{"error_response":{"code":\#(code),"msg":"m"\#(sub)\#(text)}}"#.utf8)
    }
  }
}
