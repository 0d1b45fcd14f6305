import BridgeCore

/// The group coordinator: members, sessions, generations, assignments.
final class Group {
  struct Credentials: Equatable {
    /// 0 with generation -1: accepted without a check.
    var member: Int
    var generation: Int
  }

  enum HeartbeatAnswer { case fine, rebalancing, unknown }

  private struct Member {
    var id: Int
    var instance: Int
    /// Gets the group's answer.
    unowned var port: SimulatedMember
    var hasJoined: Bool
    var sessionEnds: Int64
    /// Partitions that it says it holds when it joins.
    var owned: [Int]
    var target: [Int] = []
  }

  static let sessionTimeout: Int64 = 15_000_000
  private static let rebalanceTimeout: Int64 = 60_000_000

  private let world: World
  private var members: [Member] = []
  private(set) var generation = 0
  private var memberCount = 0
  private var isRebalancing = false
  private var rebalanceEnds: Int64 = 0
  private var checkAt: Int64 = .max

  init(world: World) { self.world = world }

  /// Kafka asks for member and generation, not for who owns what.
  func accepts(_ credentials: Credentials) -> Bool {
    if credentials == Credentials(member: 0, generation: -1) { return true }
    return credentials.generation == generation && members.contains { $0.id == credentials.member }
  }

  /// Whether the group has this member work on the partition now.
  func counts(on member: Int, for partition: Int) -> Bool {
    members.contains { $0.id == member && $0.target.contains(partition) }
  }

  func heartbeat(_ credentials: Credentials) -> HeartbeatAnswer {
    guard let index = members.firstIndex(where: { $0.id == credentials.member }),
      credentials.generation == generation
    else { return .unknown }
    members[index].sessionEnds = world.now + Self.sessionTimeout
    return isRebalancing ? .rebalancing : .fine
  }

  /// `id`: 0 for a new member. False if the group does not know it any more.
  func join(_ port: SimulatedMember, id: Int, instance: Int, owned: [Int]) -> Bool {
    let ends = world.now + Self.sessionTimeout
    if let index = members.firstIndex(where: { $0.id == id }) {
      members[index].hasJoined = true
      members[index].sessionEnds = ends
      members[index].owned = owned
    } else {
      guard id == 0 else { return false }
      memberCount += 1
      let index = world.plan.isStaticMember ? members.firstIndex { $0.instance == instance } : nil
      if let index {
        // A static member is back: the older process is fenced, nothing else changes.
        members[index].id = memberCount
        members[index].port = port
        members[index].sessionEnds = ends
        guard isRebalancing else {
          answer(index)
          look(at: ends)
          return true
        }
        members[index].hasJoined = true
      } else {
        members.append(
          Member(
            id: memberCount, instance: instance, port: port, hasJoined: true, sessionEnds: ends, owned: owned)
        )
      }
    }
    if !isRebalancing { startRebalance(except: port) }
    look(at: ends)
    // Others may join at the same time.
    world.after(1_000 + world.upTo(60_000)) { [self] in completeIfAllJoined() }
    return true
  }

  func leave(_ id: Int) {
    guard let index = members.firstIndex(where: { $0.id == id }) else { return }
    members.remove(at: index)
    membersLeft()
  }

  /// While no broker answers, nobody's session ends; afterwards each has its time.
  func brokersAreBack() {
    for index in members.indices { members[index].sessionEnds = world.now + Self.sessionTimeout }
    if isRebalancing { rebalanceEnds = max(rebalanceEnds, world.now + Self.sessionTimeout) }
    check()
    completeIfAllJoined()
  }

  private func membersLeft() {
    guard !members.isEmpty else {
      isRebalancing = false
      return
    }
    if isRebalancing { completeIfAllJoined() } else { startRebalance(except: nil) }
  }

  private func startRebalance(except port: SimulatedMember?) {
    isRebalancing = true
    rebalanceEnds = world.now + Self.rebalanceTimeout
    for index in members.indices { members[index].hasJoined = members[index].port === port }
    look(at: rebalanceEnds)
  }

  private func completeIfAllJoined() {
    guard isRebalancing, world.now >= world.outageEnds, members.allSatisfy(\.hasJoined) else { return }
    isRebalancing = false
    generation += 1
    assign()
    world.note(
      "group: generation \(generation): \(members.map { "w\($0.port.worker.number) \($0.target)" })")
    for index in members.indices {
      members[index].sessionEnds = world.now + Self.sessionTimeout
      answer(index)
    }
    look(at: world.now + Self.sessionTimeout)
  }

  private func answer(_ index: Int) {
    let credentials = Credentials(member: members[index].id, generation: generation)
    let target = members[index].target
    let port = members[index].port
    port.worker.after(200 + world.upTo(20_000)) { port.joined(credentials, target) }
  }

  private func assign() {
    let count = world.plan.partitionCount
    switch world.plan.balancing {
    case .eager:
      for index in members.indices {
        members[index].target = (0..<count).filter { $0 * members.count / count == index }
      }
    case .cooperative:
      let quota = (count + members.count - 1) / members.count
      var free = Set(0..<count)
      for index in members.indices {
        let claimed = members[index].owned.filter(free.contains).sorted()
        members[index].target = Array(claimed.prefix(quota))
        free.subtract(claimed)
      }
      for partition in free.sorted() {
        let least = members.indices.min { members[$0].target.count < members[$1].target.count }!
        members[least].target.append(partition)
      }
    }
  }

  // MARK: Time-outs

  private func look(at time: Int64) {
    guard time < checkAt else { return }
    checkAt = time
    world.after(time - world.now) { [self] in
      guard checkAt == world.now else { return }
      checkAt = .max
      check()
    }
  }

  private func check() {
    guard world.now >= world.outageEnds else { return }
    let before = members.count
    members.removeAll { member in
      let isOver =
        isRebalancing
        ? (member.hasJoined ? false : member.sessionEnds <= world.now || rebalanceEnds <= world.now)
        : member.sessionEnds <= world.now
      if isOver { world.note("group: w\(member.port.worker.number) is out") }
      return isOver
    }
    if members.count < before { membersLeft() }
    var next = isRebalancing && rebalanceEnds > world.now ? rebalanceEnds : .max
    for member in members where !(isRebalancing && member.hasJoined) { next = min(next, member.sessionEnds) }
    if next != .max { look(at: next) }
  }
}
