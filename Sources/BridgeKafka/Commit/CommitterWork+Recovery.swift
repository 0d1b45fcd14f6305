import BridgeCore

// What Kafka knows of the partitions of an assignment.
extension CommitterWork {
  /// One try; nil if there is no answer yet. It may take long: a dead predecessor's transaction has to end first.
  mutating func recover(_ request: CommitterDesk.RecoveryRequest) -> [RecoveredPartition]? {
    guard !request.partitions.isEmpty else { return [] }
    guard ensureInquirer() else { return nil }
    let settings = settings
    let answer = inquire { inquirer -> Result<[RecoveredPartition], KafkaFailure> in
      Self.ask(inquirer, settings, request.partitions)
    }
    switch answer {
    case .success(let partitions): return withEarlierOutcomes(partitions, request)
    case .failure(let failure):
      if MonotonicTime.now - request.askedAt > Self.recoveryPatience, warnedRecovery != request.number {
        warnedRecovery = request.number
        notices.post(
          KafkaNotice(
            .warning, "waiting for the committed state of an assignment", code: failure.code.name,
            detail: failure.text))
      }
      return nil
    case nil: return nil
    }
  }

  /// Nothing committed may mean that nothing was done, or that it was forgotten: outcomes of the group tell. Nil: the
  /// search goes on with the next try.
  private mutating func withEarlierOutcomes(
    _ partitions: [RecoveredPartition], _ request: CommitterDesk.RecoveryRequest
  ) -> [RecoveredPartition]? {
    let uncommitted = partitions.filter { $0.committedOffset == nil }.map(\.partition)
    guard !uncommitted.isEmpty else {
      search = nil
      return partitions
    }
    if searchNumber != request.number {
      search = OutcomeSearch(settings, partitions: uncommitted, number: request.number)
    }
    let desk = desk
    let ending = search?.advance(for: Self.searchSlice, while: { !desk.isOver && !desk.hasBatch })
    guard let ending = ending ?? nil else { return nil }
    search = nil
    switch ending {
    case .found(let answers):
      return partitions.map { partition in
        var judged = partition
        judged.earlierOutcomes = answers[partition.partition] ?? .none
        return judged
      }
    case .refused(let fault):
      if !warnedRefusedSearch {
        notices.post(
          KafkaNotice(
            .warning, "earlier outcomes cannot be looked for",
            detail: "\(fault.message) Nothing is committed, and that is taken for a first start."))
        warnedRefusedSearch = true
      }
      return partitions
    }
  }

  private var searchNumber: Int? {
    switch search {
    case .some(let search): search.number
    case .none: nil
    }
  }

  /// A batch, or a newer question, does not wait longer for a search.
  private static let searchSlice = TimeSpan.milliseconds(500)

  /// A recovery that takes longer is worth a line in the log.
  private static let recoveryPatience = TimeSpan.seconds(5)

  private static func ask(
    _ inquirer: borrowing GroupInquirer, _ settings: KafkaSettings, _ partitions: [PartitionIndex]
  ) -> Result<[RecoveredPartition], KafkaFailure> {
    do throws(KafkaFailure) {
      let slice = KafkaTimes.slice
      let committed = try inquirer.committed(partitions, within: slice).get()
      let starts = try inquirer.offsets(at: GroupInquirer.logStart, of: partitions, within: slice).get()
      let ends = try inquirer.offsets(at: GroupInquirer.logEnd, of: partitions, within: slice).get()
      var positions: [RecordOffset?]
      switch settings.start {
      case .earliest: positions = starts
      case .latest: positions = ends
      case .time(let time):
        positions = try inquirer.offsets(at: time.milliseconds, of: partitions, within: slice).get()
        // No record is as young: begin with the next one.
        for index in positions.indices where positions[index] == nil { positions[index] = ends[index] }
      case nil: positions = Array(repeating: nil, count: partitions.count)
      }
      var recovered: [RecoveredPartition] = []
      for (index, partition) in partitions.enumerated() {
        guard let start = starts[index], let end = ends[index] else {
          throw KafkaFailure(.timedOut, "the bounds of a partition's log are missing in the answer")
        }
        recovered.append(
          RecoveredPartition(
            partition: partition, committedOffset: committed[index].offset,
            metadata: committed[index].metadata, logStart: start, logEnd: end,
            startPosition: positions[index]))
      }
      return .success(recovered)
    } catch {
      return .failure(error)
    }
  }
}
