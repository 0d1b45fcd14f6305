import BridgeCore

/// What a consumer client and its adapter do for one process: joins the group, beats, learns of rebalances, hands out
/// records. Its thread runs beside the loop: what it learns becomes visible at the loop's next turn.
final class SimulatedMember {
  unowned let worker: SimulatedWorker
  private let world: World
  private let cluster: SimulatedCluster

  private var standing = Group.Credentials(member: 0, generation: -1)
  private var isJoining = false
  private var willJoin = false
  private(set) var epoch = Epoch(0)
  private(set) var ownsAssignment = false
  /// As the group sees it.
  private var owned: [Int] = []
  /// What stays after the revocation under way.
  private var kept: [Int]?
  private var credentials: Group.Credentials?
  var events: [MembershipEvent] = []
  private var eventIndex = 0
  private var positions: [Int: RecordOffset] = [:]
  private var announcedEnds: [Int: RecordOffset] = [:]
  private(set) var isLeaving = false
  private(set) var hasLeft = false

  private var answeredBeat: Int64?
  private var provenBeat: Int64?
  private var voidedAt: Int64 = 0
  private var lastAnswerAt: Int64 = 0

  init(worker: SimulatedWorker, cluster: SimulatedCluster) {
    self.worker = worker
    self.cluster = cluster
    world = worker.world
  }

  func counts(for partition: Int) -> Bool { cluster.group.counts(on: standing.member, for: partition) }

  /// Nil if the member may not commit for that epoch.
  func credentials(for epoch: Epoch) -> Group.Credentials? {
    if world.plan.brokenRule == .commitsUnfenced { return Group.Credentials(member: 0, generation: -1) }
    if world.plan.brokenRule == .commitsForOlderEpoch { return standing }
    return self.epoch == epoch ? credentials : nil
  }

  /// A broker has refused these: nothing is committed any more until the next rebalance.
  func void(_ refused: Group.Credentials) { if credentials == refused { credentials = nil } }

  // MARK: The group

  func join() {
    guard !isLeaving || ownsAssignment, !willJoin, !isJoining else { return }
    guard !worker.isCutOff else { return join(after: worker.isReachableAt - world.now + 1_000) }
    if standing.member == 0 { lastAnswerAt = world.now }
    isJoining = true
    guard cluster.group.join(self, id: standing.member, instance: worker.instance, owned: owned) else {
      return lost()
    }
  }

  private func join(after microseconds: Int64) {
    guard !willJoin else { return }
    willJoin = true
    worker.after(microseconds) { [self] in
      willJoin = false
      join()
    }
  }

  /// The group's answer to the join.
  func joined(_ standing: Group.Credentials, _ target: [Int]) {
    guard isJoining || world.plan.isStaticMember, !hasLeft else { return }
    let isNew = self.standing.member != standing.member
    isJoining = false
    self.standing = standing
    worker.reached(.assignment)
    lastAnswerAt = world.now
    answeredBeat = nil
    if isNew { beatLater(standing.member) }
    let lostParts = owned.filter { !target.contains($0) }
    if world.plan.balancing == .cooperative, ownsAssignment, !lostParts.isEmpty {
      revoke(lostParts, keeping: owned.filter { target.contains($0) })
    } else {
      assigned(target)
      // The others wait to hear that these are free.
      if world.plan.balancing == .cooperative, !lostParts.isEmpty { join() }
    }
  }

  private func assigned(_ target: [Int]) {
    voidedAt = world.now
    if world.plan.balancing == .cooperative, ownsAssignment {
      // Nothing is taken away: the epoch goes on, with the new generation.
      let added = target.filter { !owned.contains($0) }
      owned = target
      credentials = standing
      if !added.isEmpty { events.append(.assigned(added.map { PartitionIndex($0) }, epoch)) }
    } else {
      epoch = Epoch(epoch.number + 1)
      ownsAssignment = true
      owned = target
      credentials = standing
      positions = [:]
      announcedEnds = [:]
      events.append(.assigned(target.map { PartitionIndex($0) }, epoch))
    }
    worker.wake()
  }

  private func revoke(_ partitions: [Int], keeping: [Int]) {
    kept = keeping
    voidedAt = world.now
    if world.plan.brokenRule != .capturesAtAssignmentOnly { credentials = standing }
    events.append(.revoked(partitions.map { PartitionIndex($0) }))
    worker.wake()
    worker.reached(.revocation)
  }

  private func lost() {
    guard standing.member != 0 else { return }
    world.note("w\(worker.number) learns that it is out of the group")
    standing = Group.Credentials(member: 0, generation: -1)
    credentials = nil
    voidedAt = world.now
    isJoining = false
    kept = nil
    if ownsAssignment {
      events.append(.lost(owned.map { PartitionIndex($0) }))
      worker.wake()
    } else if isLeaving {
      hasLeft = true
      worker.wake()
    } else {
      owned = []
      join(after: world.upTo(50_000))
    }
  }

  /// Gives the membership up and joins anew: a commit without answer may come late under the old one.
  func rejoin() {
    guard ownsAssignment, !isLeaving, standing.member != 0 else { return }
    // Cut off, it is only forgotten when its session ends.
    if !worker.isCutOff { cluster.group.leave(standing.member) }
    lost()
  }

  func release() {
    guard ownsAssignment else { return }
    ownsAssignment = false
    positions = [:]
    owned = kept ?? []
    kept = nil
    if isLeaving { leaveGroup() } else { join() }
  }

  func leave() {
    guard !isLeaving else { return }
    isLeaving = true
    if ownsAssignment, standing.member != 0 {
      events.append(.revoked(owned.map { PartitionIndex($0) }))
    } else if !ownsAssignment {
      leaveGroup()
    }
    worker.wake()
  }

  private func leaveGroup() {
    // A static member keeps its place for its successor.
    if standing.member != 0, !world.plan.isStaticMember, !worker.isCutOff {
      cluster.group.leave(standing.member)
    }
    standing = Group.Credentials(member: 0, generation: -1)
    hasLeft = true
    worker.wake()
  }

  // MARK: Heartbeats

  private func beatLater(_ member: Int) {
    worker.after(1_000_000) { [self] in beat(member) }
  }

  private func beat(_ member: Int) {
    guard standing.member == member, !hasLeft else { return }
    beatLater(member)
    // The client sends none while it waits for the group's answer.
    guard !isJoining else {
      lastAnswerAt = world.now
      return
    }
    guard !worker.isCutOff else {
      if world.now - lastAnswerAt > Group.sessionTimeout { lost() }
      return
    }
    if let answeredBeat { provenBeat = answeredBeat }
    answeredBeat = nil
    let sentAt = world.now
    let answer = cluster.group.heartbeat(standing)
    worker.after(100 + world.upTo(20_000)) { [self] in
      guard standing.member == member else { return }
      // Also an answer that says that the member is unknown looks like an answer here.
      answeredBeat = sentAt
      lastAnswerAt = world.now
      worker.after(world.upTo(30_000)) { [self] in heard(answer, as: member) }
    }
  }

  private func heard(_ answer: Group.HeartbeatAnswer, as member: Int) {
    guard standing.member == member, !isJoining else { return }
    switch answer {
    case .fine: break
    case .unknown: lost()
    case .rebalancing:
      guard kept == nil else { return }
      if world.plan.balancing == .cooperative || !ownsAssignment {
        join()
      } else {
        revoke(owned, keeping: [])
      }
    }
  }

  var provenHeartbeat: MonotonicTime? {
    guard let provenBeat, provenBeat > voidedAt else { return nil }
    return MonotonicTime(microseconds: provenBeat)
  }

  func nextEvent() -> MembershipEvent? {
    guard eventIndex < events.count else {
      if !events.isEmpty {
        events = []
        eventIndex = 0
      }
      return nil
    }
    eventIndex += 1
    return events[eventIndex - 1]
  }

  // MARK: Records

  func start(_ started: [ReadPosition]) {
    // A revocation or a loss that has come meanwhile is found before anything is read.
    guard ownsAssignment, eventIndex == events.count else { return }
    for position in started where positions[Int(position.partition)] == nil {
      positions[Int(position.partition)] = position.offset
    }
    worker.wake(at: world.now + 100 + world.upTo(5_000))
  }

  /// Records may have come.
  func recordsArrived(_ partition: Int) {
    if positions[partition] != nil { worker.wake(at: world.now + 100 + world.upTo(5_000)) }
  }

  func take(from partition: Int, upTo limit: Int, _ visit: (IntakeItem) -> Void) -> Int {
    guard var position = positions[partition] else { return 0 }
    let log = cluster.input.partitions[partition]
    if position >= log.end, announcedEnds[partition] == log.end { return 0 }
    guard !worker.isCutOff else {
      worker.wake(at: worker.isReachableAt + 1_000)
      return 0
    }
    if world.happens(world.plan.redeliveredShare) {
      position = max(0, position - 1 - world.upTo(4))
      world.note("w\(worker.number) is handed \(partition) from \(position) again")
    }
    var index = log.index(of: position)
    let end = min(log.records.count, index + min(limit, 1 + Int(world.upTo(7))))
    var count = 0
    while index < end {
      let record = log.records[index]
      record.key.withUnsafeBytes { key in
        if let value = record.value {
          value.withUnsafeBytes { visit(.record(view(of: record, partition, key, $0))) }
        } else {
          visit(.record(view(of: record, partition, key, nil)))
        }
      }
      position = record.offset + 1
      index += 1
      count += 1
    }
    if index == log.records.count, count < limit {
      position = max(position, log.end)
      announcedEnds[partition] = log.end
      visit(.endOfPartition(offset: log.end))
      count += 1
    } else {
      worker.wake(at: world.now + world.upTo(3_000))
    }
    positions[partition] = position
    return count
  }

  private func view(
    of record: InputLog.Record, _ partition: Int, _ key: UnsafeRawBufferPointer,
    _ value: UnsafeRawBufferPointer?
  ) -> RecordView {
    RecordView(
      partition: PartitionIndex(partition), offset: record.offset,
      timestamp: WallTime(milliseconds: record.timestamp),
      key: key,
      value: value)
  }
}
