package import BridgeCore

/// How outcomes and offsets become durable in a simulated schedule.
package enum SimulatedGuarantee: String, Sendable, CaseIterable {
  case exactlyOnce = "exactly_once"
  case atLeastOnce = "at_least_once"
}

/// What one simulated schedule may contain; the seed decides the rest.
package struct SimulationPlan: Sendable {
  package enum Balancing: Sendable { case eager, cooperative }

  /// A point in the life of a process.
  package enum Point: Sendable, CaseIterable {
    /// The group has given it partitions.
    case assignment
    /// The group wants partitions back.
    case revocation
    /// A batch goes to the committer.
    case batch
    /// All of a transaction but its end is done.
    case end
    /// A request went to the gateway.
    case request
  }

  /// Something that happens to one instance, or to the brokers, at a time after the start, or at the first of such
  /// points behind it.
  package struct Disturbance: Sendable {
    package enum Kind: Sendable {
      /// kill -9; a new process starts after `span`.
      case kill
      /// SIGSTOP for `span`: nothing of the process runs, its sockets stay open.
      case pause
      /// SIGSTOP, and a process with the same instance starts elsewhere meanwhile.
      case twin
      /// A clean stop; a new process starts after `span`.
      case stop
      /// No broker answers for `span`.
      case outage
      /// The network between one instance and the brokers is cut for `span`.
      case cut
    }
    package var kind: Kind
    package var at: TimeSpan
    package var span: TimeSpan
    package var instance: Int
    package var point: Point?

    package init(kind: Kind, at: TimeSpan, span: TimeSpan, instance: Int, point: Point? = nil) {
      self.kind = kind
      self.at = at
      self.span = span
      self.instance = instance
      self.point = point
    }
  }

  /// A time in which the gateway treats all requests alike; it ends at the latest when it is calm.
  package struct Trouble: Sendable {
    package enum Kind: Sendable, CaseIterable {
      /// The backend is not reached.
      case failing
      /// Answers do not come; done or not.
      case silent
      /// No connection is made.
      case unreachable
      /// Our secret is wrong.
      case misconfigured
      /// Our clock is off.
      case clockOff
    }
    package var kind: Kind
    package var at: TimeSpan
    package var span: TimeSpan

    package init(kind: Kind, at: TimeSpan, span: TimeSpan) {
      self.kind = kind
      self.at = at
      self.span = span
    }
  }

  package var policy = AmbiguousPolicy.resend
  package var guarantee = SimulatedGuarantee.exactlyOnce
  package var brokenRule: BrokenRule?
  package var balancing = Balancing.eager
  package var isStaticMember = false
  /// Every process has a new instance name, and so a new transactional id.
  package var changesInstance = false
  package var instanceCount = 1
  package var partitionCount = 2
  package var recordCount = 24
  package var laneCount = 6
  package var inFlightLimit = 4
  package var bufferedByteLimit = 1 << 20
  /// Nothing of this can keep a drain from being done in time.
  var isQuiet: Bool {
    network.resent == 0 && network.silent == 0 && network.refused == 0 && gateway.slow == 0
      && disturbances.isEmpty && refusedOutcomeRest == nil
  }

  /// Nothing but bans and single events' faults keeps the line from sending.
  var holdsNothingElseUp: Bool {
    network.resent == 0 && network.silent == 0 && network.refused == 0 && disturbances.isEmpty
      && troubles.isEmpty && pauses.isEmpty && brakeWindow == nil && !hasBadCaller && instanceCount == 1
      && refusedOutcomeRest == nil && maximumEventAge == .zero
  }

  /// No request is refused for a fault of ours, so that none is a probe of such a fault.
  var linesFaultsAreNone: Bool {
    !hasBadCaller && !troubles.contains { $0.kind == .misconfigured || $0.kind == .clockOff }
  }

  /// Records arrive over this time.
  package var arrivalSpan = TimeSpan.seconds(1)
  package var gateway = GatewayFaults()
  package var network = NetworkFaults()
  /// In 1 000 portions of records: some that were handed out before come again.
  package var redeliveredShare: UInt64 = 0
  package var disturbances: [Disturbance] = []
  package var troubles: [Trouble] = []
  /// Every third conversation is of a caller that the gateway refuses, until it is calm.
  package var hasBadCaller = false
  /// Zero: no event is too old.
  package var maximumEventAge = TimeSpan.zero
  package var retryAttemptLimit = 6
  package var retryTimeLimit = TimeSpan.seconds(60)
  package var requestsPerSecond = 0
  /// Nil: the brake is off.
  package var brakeWindow: Int?
  /// An operator stops the line of an instance at these times, for these spans.
  package var pauses: [(at: TimeSpan, span: TimeSpan, instance: Int)] = []
  /// Of outcomes with these offsets (modulo 8) Kafka takes the minimal form only.
  package var refusedOutcomeRest: RecordOffset?
  /// And not even that, until it is calm.
  package var refusesEveryForm = false

  package init() {}
}

/// How often (in 1 000 requests) the simulated gateway does what.
package struct GatewayFaults: Sendable {
  package var refused: UInt64 = 0
  package var temporaryWithoutEffect: UInt64 = 0
  /// The backend answers that it threw; it may have taken the message.
  package var temporaryUnknown: UInt64 = 0
  /// No rule knows the answer.
  package var strangeAnswer: UInt64 = 0
  /// The connection breaks before the answer; done or not.
  package var lostAnswer: UInt64 = 0
  package var tornAnswer: UInt64 = 0
  /// The connection breaks before the last byte of the request is out.
  package var tornRequest: UInt64 = 0
  package var banned: UInt64 = 0
  /// The ban says for how long.
  package var namesBan = true
  /// Answers that take seconds, some longer than the time-out.
  package var slow: UInt64 = 0
  package init() {}
}

/// How often (in 1 000) a request to the brokers meets what.
package struct NetworkFaults: Sendable {
  /// The client loses the connection and silently sends the request again; the first copy was executed, or is later.
  package var resent: UInt64 = 0
  /// The call fails; the request was executed, or is later, or never.
  package var silent: UInt64 = 0
  /// The broker refuses for a reason of its own.
  package var refused: UInt64 = 0
  package init() {}
}

extension SimulationPlan {
  /// A plan of every kind, from a seed.
  package init(
    seed: UInt64, policy: AmbiguousPolicy, guarantee: SimulatedGuarantee, brokenRule: BrokenRule? = nil
  ) {
    var dice = SplitMix64(seed: seed)
    func upTo(_ bound: Int) -> Int { Int(dice.next(upTo: UInt64(bound))) }
    func share(_ limit: Int) -> UInt64 { upTo(2) == 0 ? UInt64(upTo(limit)) : 0 }
    self.policy = policy
    self.guarantee = guarantee
    self.brokenRule = brokenRule
    instanceCount = 1 + upTo(9) / 4 + upTo(9) / 8
    balancing = upTo(2) == 0 ? .cooperative : .eager
    isStaticMember = guarantee == .exactlyOnce && balancing == .eager && upTo(4) == 0
    changesInstance = !isStaticMember && upTo(5) == 0
    partitionCount = 1 + upTo(2)
    recordCount = 4 + upTo(28)
    laneCount = 1 + upTo(7)
    inFlightLimit = 1 + upTo(6)
    bufferedByteLimit = upTo(7) == 0 ? 600 : 1 << 20
    arrivalSpan = TimeSpan(microseconds: Int64(upTo(2_000_000)))
    redeliveredShare = upTo(3) == 0 ? UInt64(upTo(300)) : 0
    gateway.refused = share(80)
    gateway.temporaryWithoutEffect = share(100)
    gateway.temporaryUnknown = share(100)
    gateway.strangeAnswer = share(40)
    gateway.lostAnswer = share(100)
    gateway.tornAnswer = share(60)
    gateway.tornRequest = share(80)
    gateway.banned = share(10)
    gateway.slow = share(100)
    network.resent = share(150)
    network.silent = share(60)
    network.refused = share(80)
    for _ in 0..<upTo(3) + (upTo(3) == 0 ? 2 : 0) { disturbances.append(disturbance(&dice)) }
    disturbances.sort { $0.at < $1.at }
    if upTo(15) == 0 { refusedOutcomeRest = RecordOffset(upTo(7)) }
    refusesEveryForm = upTo(3) == 0
    addLineTrouble(&dice)
  }

  /// What happens to the line as a whole.
  private mutating func addLineTrouble(_ dice: inout SplitMix64) {
    func upTo(_ bound: Int) -> Int { Int(dice.next(upTo: UInt64(bound))) }
    gateway.namesBan = upTo(2) > 0
    if upTo(2) == 0 {
      // Of each kind one: a fault of ours that comes, goes and comes again looks like a caller's own.
      for kind in [Trouble.Kind.failing, .silent, .unreachable, .misconfigured, .clockOff] where upTo(3) == 0
      {
        if kind == .clockOff, troubles.contains(where: { $0.kind == .misconfigured }) { continue }
        let longest = upTo(1) == 0 ? 3_000_000 : 70_000_000
        troubles.append(
          Trouble(
            kind: kind, at: TimeSpan(microseconds: Int64(upTo(4_000_000))),
            span: TimeSpan(microseconds: Int64(100_000 + upTo(longest)))))
      }
    }
    hasBadCaller = upTo(5) == 0
    if upTo(4) == 0 { maximumEventAge = TimeSpan(microseconds: Int64(200_000 + upTo(20_000_000))) }
    if upTo(3) == 0 { retryAttemptLimit = 2 + upTo(4) }
    if upTo(3) == 0 { retryTimeLimit = TimeSpan(microseconds: Int64(2_000_000 + upTo(10_000_000))) }
    if upTo(5) == 0 { requestsPerSecond = 1 + upTo(40) }
    if upTo(7) == 0 { brakeWindow = 4 + upTo(8) }
    for _ in 0..<(upTo(5) == 0 ? 1 + upTo(1) : 0) {
      pauses.append(
        (
          TimeSpan(microseconds: Int64(upTo(3_000_000))), TimeSpan(microseconds: Int64(upTo(10_000_000))),
          upTo(instanceCount - 1)
        ))
    }
  }

  private func disturbance(_ dice: inout SplitMix64) -> Disturbance {
    func upTo(_ bound: Int64) -> Int64 { Int64(dice.next(upTo: UInt64(bound))) }
    let kinds: [Disturbance.Kind] = [.kill, .kill, .kill, .stop, .stop, .pause, .pause, .twin, .outage, .cut]
    var kind = kinds[Int(upTo(Int64(kinds.count - 1)))]
    if kind == .twin, changesInstance || guarantee == .atLeastOnce { kind = .pause }
    // Short against the times of the group's and the transactions' time-outs, or long.
    let longest: Int64 = upTo(1) == 0 ? 1_000_000 : 40_000_000
    // Who sleeps too long at a point where it has just learnt what it may do is the most dangerous.
    if upTo(3) == 0 {
      return Disturbance(
        kind: guarantee == .exactlyOnce && !changesInstance && upTo(2) == 0 ? .twin : .pause,
        at: TimeSpan(microseconds: upTo(3_000_000)),
        span: TimeSpan(microseconds: 14_000_000 + upTo(20_000_000)),
        instance: Int(upTo(Int64(instanceCount - 1))),
        point: upTo(1) == 0 ? .assignment : Point.allCases[Int(upTo(Int64(Point.allCases.count - 1)))])
    }
    return Disturbance(
      kind: kind, at: TimeSpan(microseconds: upTo(upTo(4) == 0 ? 20_000_000 : 2_500_000)),
      span: TimeSpan(microseconds: 1_000 + upTo(longest)), instance: Int(upTo(Int64(instanceCount - 1))),
      point: upTo(2) == 0 ? nil : Point.allCases[Int(upTo(Int64(Point.allCases.count - 1)))])
  }
}
