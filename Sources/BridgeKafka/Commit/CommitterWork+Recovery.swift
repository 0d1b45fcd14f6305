import BridgeCore

// What Kafka knows of the partitions of an assignment.
extension CommitterWork {
  /// One try; nil if there is no answer yet. It may take long: a dead predecessor's transaction has to end first.
  mutating func recover(_ request: CommitterDesk.RecoveryRequest) -> [RecoveredPartition]? {
    guard !request.partitions.isEmpty else { return [] }
    guard ensureInquirer() else { return nil }
    let start = settings.start
    let answer = inquire { inquirer in inquirer.recovered(request.partitions, start: start) }
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
}
