package import BridgeCore
import CRdKafka

extension KafkaIntake {
  /// What happened in the group since the last call; to be called at least once a second, until it returns nil.
  package mutating func nextMembershipEvent() -> MembershipEvent? {
    if !isQuiet, wake.clear() { mayHaveEvents = true }
    if !hasNoArrivals { queues.lookForArrivals(arrivals) }
    sendPlainCommit()
    while true {
      if !waitingEvents.isEmpty { return waitingEvents.removeFirst() }
      if !mayHaveEvents {
        let now = MonotonicTime.now
        guard now - eventsPolledAt >= Self.eventPollInterval else { return nil }
        eventsPolledAt = now
        // A number that was lost on its way would leave a partition unread.
        queues.lookEverywhere()
      }
      guard pollEvent() else {
        mayHaveEvents = false
        return nil
      }
    }
  }

  /// Reads the partitions of the present assignment from these offsets; the others stay unread. May be called again
  /// for further partitions of the same assignment; those that are being read go on where they are.
  package mutating func start(_ positions: [ReadPosition]) {
    // A revocation that has come meanwhile is found before anything is read.
    while pollEvent() {}
    guard ownsAssignment, !hasFailed, waitingEvents.isEmpty else { return }
    var started: [PartitionIndex] = []
    for position in positions {
      guard let place = queues.place(of: position.partition), !place.pointee.isStarted,
        position.offset >= 0
      else { continue }
      place.pointee.isStarted = true
      place.pointee.nextOffset = position.offset
      started.append(position.partition)
    }
    if !started.isEmpty { assignStarted(started) }
  }

  /// Answers `revoked` and `lost`.
  package mutating func releaseAssignment() {
    guard ownsAssignment else { return }
    ownsAssignment = false
    client.unassignAll()
    let kept = change?.kept(of: queues.owned) ?? []
    change = nil
    queues.releaseAll()
    guard rejoining == .no else {
      rejoining = .no
      if !isLeaving { _ = subscribeToInput() }
      return
    }
    if !kept.isEmpty, !isLeaving, !hasFailed { begin(kept) }
  }

  /// Asks to leave the group; a last `revoked` comes unless nothing is owned.
  package mutating func leave() {
    guard !isLeaving else { return }
    isLeaving = true
    mayHaveEvents = true
    guard !hasFailed, let failure = client.closeIntoEvents() else { return }
    notices.post(
      KafkaNotice(.warning, "leaving the group failed", code: failure.code.name, detail: failure.text))
    // A member that was fenced never gets its close done.
    hasFailed = true
  }

  mutating func subscribeToInput() -> KafkaCode {
    let topics = PartitionList(topic: settings.inputTopic, [-1], offset: -1)
    return KafkaCode(rd_kafka_subscribe(client.raw, topics.raw))
  }

  /// Gives the partitions up and asks for partitions anew.
  mutating func rejoin(_ manner: Rejoining) {
    guard rejoining == .no, ownsAssignment, !isLeaving else { return }
    rejoining = manner
    rd_kafka_unsubscribe(client.raw)
    mayHaveEvents = true
  }

  /// `further`: those of the started ones that are not being read yet.
  private func assignStarted(_ further: [PartitionIndex]) {
    switch settings.assignment {
    case .range: assignAllStarted()
    case .cooperativeSticky:
      let list = PartitionList(room: further.count)
      for partition in further {
        guard let place = queues.place(of: partition) else { continue }
        place.pointee.mayHaveRecords = true
        list.add(topic: settings.inputTopic, partition, offset: place.pointee.nextOffset)
      }
      if let failure = client.assignFurther(list) {
        notices.post(
          KafkaNotice(.error, "assigning partitions failed", code: failure.code.name, detail: failure.text))
      }
    }
  }

  private func assignAllStarted() {
    let started = PartitionList(room: queues.owned.count)
    for partition in queues.owned {
      guard let place = queues.place(of: partition), place.pointee.isStarted else { continue }
      place.pointee.mayHaveRecords = true
      started.add(topic: settings.inputTopic, partition, offset: place.pointee.nextOffset)
    }
    let code = KafkaCode(rd_kafka_assign(client.raw, started.raw))
    if !code.isSuccess {
      notices.post(KafkaNotice(.error, "assigning partitions failed", code: code.name))
    }
  }

  /// Takes one event from the queue, if there is one.
  private mutating func pollEvent() -> Bool {
    enum Found {
      case assigned([PartitionIndex])
      case revoked([PartitionIndex])
      case rebalanceFailed(KafkaCode)
      case error(KafkaCode, String, isFatal: Bool)
      case committed(KafkaCode)
      case nothingOfInterest
    }
    let found = client.nextEvent { event -> Found in
      switch rd_kafka_event_type(event) {
      case RD_KAFKA_EVENT_REBALANCE:
        switch rd_kafka_event_error(event) {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
          return .assigned(PartitionList.indices(in: rd_kafka_event_topic_partition_list(event)))
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
          return .revoked(PartitionList.indices(in: rd_kafka_event_topic_partition_list(event)))
        case let code: return .rebalanceFailed(KafkaCode(code))
        }
      case RD_KAFKA_EVENT_ERROR:
        let text = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
        return .error(
          KafkaCode(rd_kafka_event_error(event)), text, isFatal: rd_kafka_event_error_is_fatal(event) != 0)
      case RD_KAFKA_EVENT_OFFSET_COMMIT: return .committed(commitCode(of: event))
      default: return .nothingOfInterest
      }
    }
    switch found {
    case .assigned(let partitions): assigned(partitions)
    case .revoked(let partitions): revoked(partitions)
    case .rebalanceFailed(let code):
      notices.post(KafkaNotice(.error, "rebalance failed", code: code.name))
      lost()
    case .error(let code, let text, let isFatal): clientFailed(code, text, isFatal: isFatal)
    case .committed(let code): plainCommitEnded(code)
    case .nothingOfInterest: break
    case nil: return false
    }
    return true
  }

  private mutating func assigned(_ partitions: [PartitionIndex]) {
    voidedAt = .now
    // Answered at once and with nothing: an answer that waits for the committed state hides a revocation or a loss
    // that comes meanwhile, and lets joining members wait.
    switch settings.assignment {
    case .range:
      begin(partitions)
      assignAllStarted()
    case .cooperativeSticky:
      assignStarted([])
      assignedFurther(partitions)
    }
  }

  /// A new assignment, all of it.
  private mutating func begin(_ partitions: [PartitionIndex]) {
    epoch = Epoch(epoch.number + 1)
    ownsAssignment = true
    captureCredentials()
    queues.take(partitions, of: client, topic: settings.inputTopic, raising: arrivals)
    waitingEvents.append(.assigned(partitions, epoch))
  }

  /// For the loop every change is one of the whole assignment: it finishes what it has, as for a revocation, and begins
  /// anew with what it then has. What it keeps stays its own in the group meanwhile, and may be committed.
  private mutating func assignedFurther(_ partitions: [PartitionIndex]) {
    guard ownsAssignment, !(queues.owned.isEmpty && change == nil) else { return begin(partitions) }
    // The generation is a new one even if nothing is added.
    captureCredentials()
    guard !partitions.isEmpty || change != nil else { return }
    if change == nil { waitingEvents.append(.revoked(queues.owned)) }
    change = (change ?? AssignmentChange()).adding(partitions)
  }

  private mutating func revoked(_ partitions: [PartitionIndex]) {
    guard ownsAssignment || settings.assignment == .range else {
      // Nobody holds anything that would have to be finished.
      return client.unassignAll()
    }
    if rd_kafka_assignment_lost(client.raw) != 0 || rejoining == .atOnce { return lost() }
    voidedAt = .now
    captureCredentials()
    switch settings.assignment {
    case .range: waitingEvents.append(.revoked(queues.owned))
    case .cooperativeSticky:
      if change == nil { waitingEvents.append(.revoked(queues.owned)) }
      change = (change ?? AssignmentChange()).removing(partitions)
    }
  }

  private mutating func lost() {
    voidedAt = .now
    membership.void(epoch)
    // Nothing of it is kept.
    change = nil
    waitingEvents.append(.lost(queues.owned))
  }

  private func captureCredentials() {
    let credentials = GroupCredentials.capture(
      from: client, groupID: settings.groupID,
      instance: settings.membership == .fixed ? settings.instance : nil)
    if credentials == nil { notices.post(KafkaNotice(.warning, "group membership is not valid")) }
    membership.renew(epoch: epoch, credentials: credentials)
  }

  private mutating func clientFailed(_ code: KafkaCode, _ text: String, isFatal: Bool) {
    if isFatal || code == .fatal {
      let failure = client.fatalFailure() ?? KafkaFailure(code, text)
      hasFailed = true
      membership.void(epoch)
      waitingEvents.append(.failed(fault(failure.code, failure.text)))
    } else if code.isAccessRefusal, epoch.number == 0 {
      // Later a right that goes missing is waited for: events stay pending, nothing is failed.
      waitingEvents.append(.failed(fault(code, text)))
    } else {
      let level: KafkaNotice.Level = code.isAccessRefusal ? .error : .warning
      notices.post(KafkaNotice(level, "kafka client error", code: code.name, detail: text))
    }
  }

  private func fault(_ code: KafkaCode, _ text: String) -> FatalFault {
    if code == .fencedInstance {
      return FatalFault(
        .identityInUse,
        "Another member of group \(settings.groupID) runs as instance \(settings.instance); give each its own "
          + "kafka.instance.")
    }
    switch code {
    case .groupRefused: return KafkaRight.useGroup.fault(settings, code)
    case .topicRefused: return KafkaRight.readInput.fault(settings, code)
    case _ where code.isAccessRefusal:
      return .authenticationRefused(settings, "\(code.name): \(text)")
    default: break
    }
    return FatalFault(.stuck, "The Kafka consumer cannot go on: \(code.name): \(text).")
  }
}
